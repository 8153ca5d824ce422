using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Registry;

/// <summary>Reads a response's body that must fit into memory.</summary>
internal static class BoundedBody
{
    /// <exception cref="LayerImageException"><see cref="EngineError.ManifestInvalid"/>: it is larger.</exception>
    public static async Task<byte[]> ReadAsync(HttpResponseMessage response, int limit, CancellationToken cancellationToken, RetryPolicy? patience = null)
    {
        Stream body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using (body.ConfigureAwait(false))
        {
            using PatientReader reader = new(body, patience ?? new RetryPolicy(0, TimeProvider.System), cancellationToken);
            using MemoryStream copy = new();
            byte[] buffer = new byte[16 << 10];
            for (int read; (read = await reader.ReadAsync(buffer).ConfigureAwait(false)) > 0;)
            {
                if (copy.Length + read > limit)
                {
                    string host = response.RequestMessage?.RequestUri?.Authority ?? "the registry";
                    throw new LayerImageException(EngineError.ManifestInvalid, $"{host} sent a document of more than {limit} bytes.") { Target = host };
                }
                copy.Write(buffer, 0, read);
            }
            return copy.ToArray();
        }
    }
}
