using LayerImage.Engine.Errors;
using LayerImage.Engine.Images;
using LayerImage.Engine.Network;

namespace LayerImage.Engine.Containers;

/// <summary>What a change would refuse, asked without making it. The changes ask the same.</summary>
public sealed class ContainerChecks
{
    private readonly ImageService _images;
    private readonly ContainerRecords _records;
    private readonly ContainerHosts _hosts;
    private readonly ContainerStarter _starter;
    private readonly ContainerLooks _looks;
    private readonly SessionRoot _root;

    internal ContainerChecks(ImageService images, ContainerRecords records, ContainerHosts hosts, ContainerStarter starter, ContainerLooks looks, SessionRoot root)
    {
        _images = images;
        _records = records;
        _hosts = hosts;
        _starter = starter;
        _looks = looks;
        _root = root;
    }

    /// <summary>
    /// Fails as <see cref="ContainerService.RunAsync"/> or <see cref="ContainerService.CreateAsync"/> would. An image that is not here
    /// is asked for at its registry, and not received.
    /// </summary>
    /// <param name="request">What is asked.</param>
    /// <param name="starting">Whether it is to be started, too.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task CreateAsync(ContainerRequest request, bool starting, CancellationToken cancellationToken)
    {
        Require(request, starting);
        RequireFreeName(request.Name);
        Image? image = await _images.FindForContainerAsync(request.Image, request.PullPolicy, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<PortMapping> publish = image is null ? request.Publish : SpecMerger.Merge(request, image, ContainerNames.NewId()).Publish;
        if (starting)
        {
            _starter.CheckPorts("", publish);
        }
    }

    /// <summary>Fails as <see cref="ContainerService.StartAsync"/> would.</summary>
    public async Task StartAsync(string nameOrId, CancellationToken cancellationToken)
    {
        Container container = await _looks.GetAsync(nameOrId, cancellationToken).ConfigureAwait(false);
        if (container.State is ContainerState.Created or ContainerState.Exited)
        {
            _root.Require(container.Name);
            VolumeMount.RequireAll(container.Spec.Volumes);
            _ = _hosts.Own; // a missing tool
            _starter.CheckPorts(container.Id, container.Ports);
        }
    }

    /// <summary>Fails as <see cref="ContainerService.RestartAsync"/> would, before it stops the container.</summary>
    public async Task RestartAsync(string nameOrId, CancellationToken cancellationToken)
    {
        Container container = await _looks.GetAsync(nameOrId, cancellationToken).ConfigureAwait(false);
        _root.Require(container.Name);
        VolumeMount.RequireAll(container.Spec.Volumes);
    }

    /// <summary>Fails as <see cref="ContainerService.RemoveAsync"/> would.</summary>
    public async Task RemoveAsync(string nameOrId, bool force, CancellationToken cancellationToken)
    {
        Container container = await _looks.GetAsync(nameOrId, cancellationToken).ConfigureAwait(false);
        if (!force && container.State is not (ContainerState.Created or ContainerState.Exited))
        {
            throw StillRunning(container.Name);
        }
    }

    /// <summary>Fails as <see cref="ContainerService.RenameAsync"/> would.</summary>
    public void Rename(string nameOrId, string newName)
    {
        ContainerRecord record = _records.Get(nameOrId);
        ContainerNames.Check(newName);
        RequireFreeName(newName, record.Id);
    }

    /// <summary>Fails as <see cref="ContainerService.PauseAsync"/>, <see cref="ContainerService.ResumeAsync"/> and a command would: the container has to run.</summary>
    public Task RunningAsync(string nameOrId, CancellationToken cancellationToken) => _looks.GetRunningAsync(nameOrId, cancellationToken);

    internal static LayerImageException StillRunning(string name) =>
        new(EngineError.ContainerRunning, $"The container {name} is running.") { Target = name, Advice = "Stop it first (Stop-LayerContainer), or use -Force." };

    internal void RequireSessionRoot(object target) => _root.Require(target);

    // All that can be told before anything is received or made.
    internal void Require(ContainerRequest request, bool starting)
    {
        if (!Environment.IsPrivilegedProcess)
        {
            throw new LayerImageException(EngineError.NotPrivileged, "Containers need root: mounts and networks are made for them.")
            { Advice = "Run the session as root, for example: sudo ./layerimage" };
        }
        if (starting)
        {
            _root.Require(request.Image);
        }
        RequestChecks.Run(request);
        if (request.PullPolicy == PullPolicy.Missing && _records.FindByName(request.Image) is not null && _images.Find(request.Image).Count == 0)
        {
            throw new LayerImageException(EngineError.ImageNotFound, $"'{request.Image}' is a container, and no image of that name is here.")
            { Target = request.Image, Advice = $"Start-LayerContainer -Name {request.Image} starts it. If an image is meant, receive it first: Receive-LayerImage {request.Image}" };
        }
        _ = _hosts.Own; // a missing tool
    }

    internal void RequireFreeName(string? name, string? ownId = null)
    {
        if (name is not null && _records.FindByName(name) is ContainerRecord other && other.Id != ownId && !(other.IsNew && !other.IsBeingStarted))
        {
            throw ContainerRecords.NameTaken(name, other.Id);
        }
    }
}
