namespace LayerImage.Engine.Oci.Runtime;

/// <summary>Processor time: quota and period in microseconds.</summary>
internal sealed record SpecCpu(long Quota, ulong Period);
