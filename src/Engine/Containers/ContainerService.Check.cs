using LayerImage.Engine.Errors;
using LayerImage.Engine.Images;
using LayerImage.Engine.IO;
using LayerImage.Engine.Network;

namespace LayerImage.Engine.Containers;

/// <summary>What a change would refuse, asked without making it. The changes ask the same.</summary>
public sealed partial class ContainerService
{
    /// <summary>Fails as <see cref="RunAsync"/> or <see cref="CreateAsync"/> would. An image that is not here is asked for at its registry, and not received.</summary>
    /// <param name="request">What is asked.</param>
    /// <param name="starting">Whether it is to be started, too.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task CheckAsync(ContainerRequest request, bool starting, CancellationToken cancellationToken)
    {
        CheckRequest(request, starting);
        CheckName(request.Name);
        Image? image = await _images.FindForContainerAsync(request.Image, request.PullPolicy, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<string> publish = image is null ? request.Publish : SpecMerger.Merge(request, image, ContainerNames.NewId()).Publish;
        if (starting)
        {
            Starter.CheckPorts("", [.. publish.Select(PortMapping.Parse)]);
        }
    }

    /// <summary>Fails as <see cref="StartAsync"/> would.</summary>
    public async Task CheckStartAsync(string nameOrId, CancellationToken cancellationToken)
    {
        Container container = await GetAsync(nameOrId, cancellationToken).ConfigureAwait(false);
        if (container.State is ContainerState.Created or ContainerState.Exited)
        {
            RequireNamespaceRoot(container.Name);
            VolumeMount.RequireAll(container.Spec.Volumes);
            Starter.CheckPorts(container.Id, container.Ports);
        }
    }

    /// <summary>Fails as <see cref="RestartAsync"/> would, before it stops the container.</summary>
    public async Task CheckRestartAsync(string nameOrId, CancellationToken cancellationToken)
    {
        Container container = await GetAsync(nameOrId, cancellationToken).ConfigureAwait(false);
        RequireNamespaceRoot(container.Name);
        VolumeMount.RequireAll(container.Spec.Volumes);
    }

    /// <summary>Fails as <see cref="RemoveAsync"/> would.</summary>
    public async Task CheckRemoveAsync(string nameOrId, bool force, CancellationToken cancellationToken)
    {
        Container container = await GetAsync(nameOrId, cancellationToken).ConfigureAwait(false);
        if (!force && container.State is not (ContainerState.Created or ContainerState.Exited))
        {
            throw StillRunning(container.Name);
        }
    }

    /// <summary>Fails as <see cref="RenameAsync"/> would.</summary>
    public void CheckRename(string nameOrId, string newName)
    {
        ContainerRecord record = _records.Get(nameOrId);
        ContainerNames.Check(newName);
        CheckName(newName, record.Id);
    }

    /// <summary>Fails as <see cref="PauseAsync"/>, <see cref="ResumeAsync"/> and a command would: the container has to run.</summary>
    public Task CheckRunsAsync(string nameOrId, CancellationToken cancellationToken) => RequireRunningAsync(nameOrId, cancellationToken);

    // All that can be told before anything is received or made.
    private void CheckRequest(ContainerRequest request, bool starting)
    {
        RequireRoot();
        if (starting)
        {
            RequireNamespaceRoot(request.Image);
        }
        RequestChecks.Run(request);
        if (request.PullPolicy == PullPolicy.Missing && _records.FindByName(request.Image) is not null && _images.Find(request.Image).Count == 0)
        {
            throw new LayerImageException(EngineError.ImageNotFound, $"'{request.Image}' is a container, and no image of that name is here.")
            { Target = request.Image, Advice = $"Start-LayerContainer -Name {request.Image} starts it. If an image is meant, receive it first: Receive-LayerImage {request.Image}" };
        }
        _ = _hosts.Own; // a missing tool
    }

    private void CheckName(string? name, string? ownId = null)
    {
        if (name is not null && _records.FindByName(name) is ContainerRecord other && other.Id != ownId && !(other.IsNew && !IsBeingStarted(other)))
        {
            throw ContainerRecords.NameTaken(name, other.Id);
        }
    }
}
