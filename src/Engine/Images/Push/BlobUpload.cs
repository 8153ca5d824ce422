using System.Net;
using LayerImage.Engine.Content;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Oci;
using LayerImage.Engine.Registry;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Images;

/// <summary>
/// Sends one blob into a repository: nothing when it is there, mounted when another repository has it, else as one
/// stream. A broken stream is gone on with where the registry says that it got to, also by a later process; a server
/// that refuses a body as too large gets it in pieces.
/// </summary>
internal sealed class BlobUpload(RegistryClient client, Descriptor blob, ContentStore content, UploadRecord record, RetryPolicy retry, Action<long> progress)
{
    private const long LargestPiece = 16 << 20, SmallestPiece = 256 << 10;

    private long _piece = long.MaxValue;
    private long _sent;
    private bool _begun;
    private LayerImageException? _refusal;

    private enum Answer
    {
        Taken,
        Broken,
        TooLarge,
        Unknown,
    }

    /// <summary>Sends the blob, or finds that the repository has it. Idempotent.</summary>
    /// <param name="mountFrom">A repository of the same registry that has the blob; null when none is known.</param>
    /// <param name="cancellationToken">Ends the transfer; a later call goes on with it.</param>
    /// <exception cref="LayerImageException">The registry's refusal or failure; LayerCorrupt: the blob here is damaged.</exception>
    public async Task<SentLayer> RunAsync(string? mountFrom, CancellationToken cancellationToken)
    {
        try
        {
            SentOutcome outcome = await SendAsync(mountFrom, cancellationToken).ConfigureAwait(false);
            record.Forget();
            return new SentLayer(blob.Digest.ToString(), blob.Size, outcome, _sent);
        }
        catch (Exception e) when (!_begun || (e is LayerImageException known && known.Error is not EngineError.RegistryUnreachable))
        {
            record.Forget();
            throw;
        }
    }

    private async Task<SentOutcome> SendAsync(string? mountFrom, CancellationToken cancellationToken)
    {
        using SafeFileHandle file = OpenBlob();
        using BlobCheck check = new(blob, file);
        (Uri? begun, long offset) = await FindBegunAsync(cancellationToken).ConfigureAwait(false);
        for (int failures = 0; ;)
        {
            if (begun is null)
            {
                if (await client.HasBlobAsync(blob, cancellationToken).ConfigureAwait(false))
                {
                    return failures == 0 ? SentOutcome.AlreadyThere : SentOutcome.Pushed;
                }
                begun = await client.StartUploadAsync(blob.Digest, mountFrom, cancellationToken).ConfigureAwait(false);
                if (begun is null)
                {
                    return SentOutcome.Mounted;
                }
                offset = 0;
            }
            Uri location = begun;
            (Answer answer, Uri next, TimeSpan? wait) = await StepAsync(file, check, location, offset, cancellationToken).ConfigureAwait(false);
            if (answer == Answer.Taken)
            {
                if (offset == blob.Size)
                {
                    return SentOutcome.Pushed;
                }
                (begun, offset, failures) = (next, offset + Math.Min(_piece, blob.Size - offset), 0);
                continue;
            }
            await PauseAsync(answer, ++failures, wait, cancellationToken).ConfigureAwait(false);
            long before = offset;
            (begun, offset) = answer == Answer.Unknown ? (null, 0) : await AskAsync(location, cancellationToken).ConfigureAwait(false);
            failures = offset > before ? 1 : failures; // who gets further may go on for ever
        }
    }

    // What an earlier process began.
    private async Task<(Uri? Location, long Offset)> FindBegunAsync(CancellationToken cancellationToken)
    {
        Uri? location = record.Read();
        if (location is null)
        {
            return (null, 0);
        }
        _begun = true;
        return await AskAsync(location, cancellationToken).ConfigureAwait(false);
    }

    private async Task<(Uri? Location, long Offset)> AskAsync(Uri location, CancellationToken cancellationToken)
    {
        (Uri Location, long Offset)? found = await client.FindUploadAsync(location, cancellationToken).ConfigureAwait(false);
        return found is var (place, offset) && offset <= blob.Size ? (place, offset) : (null, 0);
    }

    // The next piece, or the end of the upload when all has been taken.
    private async Task<(Answer Answer, Uri Next, TimeSpan? Wait)> StepAsync(
        SafeFileHandle file,
        BlobCheck check,
        Uri location,
        long offset,
        CancellationToken cancellationToken)
    {
        long length = Math.Min(_piece, blob.Size - offset);
        if (length == 0)
        {
            if (!check.IsRight())
            {
                await client.CancelUploadAsync(location, cancellationToken).ConfigureAwait(false);
                throw ContentStore.Corrupt(blob.Digest, null);
            }
            bool isKnown = await client.FinishUploadAsync(location, blob.Digest, cancellationToken).ConfigureAwait(false);
            return (isKnown ? Answer.Taken : Answer.Unknown, location, null);
        }
        record.Write(location);
        _begun = true;
        progress(offset);
        try
        {
            using HttpResponseMessage response = await client
                .SendBytesAsync(location, offset, length, length == blob.Size, Piece, cancellationToken).ConfigureAwait(false);
            Answer answer = AnswerOf(response) ?? throw await client.RefusedAsync(response, cancellationToken).ConfigureAwait(false);
            _refusal = answer == Answer.Taken ? null : await client.RefusedAsync(response, cancellationToken).ConfigureAwait(false);
            return (answer, client.PlaceOf(response, location), retry.AskedWait(response));
        }
        catch (LayerImageException e) when (e.Error == EngineError.RegistryUnreachable)
        {
            _refusal = e;
            return (Answer.Broken, location, null);
        }

        BlobContent Piece() => new(blob.Digest, file, offset, length, OnSent);

        void OnSent(long at, ReadOnlyMemory<byte> bytes)
        {
            check.Add(at, bytes.Span);
            _sent += bytes.Length;
            progress(at + bytes.Length);
        }
    }

    // Null: the registry refuses the blob.
    private static Answer? AnswerOf(HttpResponseMessage response) => response.StatusCode switch
    {
        HttpStatusCode.RequestEntityTooLarge => Answer.TooLarge,
        HttpStatusCode.BadRequest or HttpStatusCode.NotFound or HttpStatusCode.Conflict or HttpStatusCode.Gone => Answer.Unknown,
        HttpStatusCode.RequestedRangeNotSatisfiable => Answer.Unknown,
        HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError => Answer.Broken,
        _ => response.IsSuccessStatusCode ? Answer.Taken : null,
    };

    private async Task PauseAsync(Answer answer, int failures, TimeSpan? wait, CancellationToken cancellationToken)
    {
        if (answer == Answer.TooLarge)
        {
            _piece = _piece == long.MaxValue ? LargestPiece : _piece / 4;
            if (_piece < SmallestPiece)
            {
                throw _refusal!;
            }
            return;
        }
        if (failures > retry.Count)
        {
            throw _refusal ?? client.Unreachable(new EndOfStreamException("it forgets what was sent to it"));
        }
        await retry.WaitAsync(failures, wait, cancellationToken).ConfigureAwait(false);
    }

    private SafeFileHandle OpenBlob()
    {
        using FileStream stream = content.Open(blob.Digest);
        const FileShare Share = FileShare.Read | FileShare.Delete;
        return File.OpenHandle(stream.Name, FileMode.Open, FileAccess.Read, Share, FileOptions.Asynchronous | FileOptions.SequentialScan);
    }
}
