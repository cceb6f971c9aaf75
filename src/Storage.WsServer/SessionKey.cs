using System.Security.Cryptography;
using System.Text;

namespace WsStorage.WsServer;

/// <summary>
/// Which session a connection goes on with: that of its client's id under the certificate that it showed. Whoever knows the id
/// of another client, and has another certificate, is another session.
/// </summary>
internal static class SessionKey
{
    private const int ClientIdBytes = 16;

    /// <summary>The first 16 bytes of SHA-256 of the identity in UTF-8 and the client's id, big endian.</summary>
    /// <param name="client">Who the client has proved to be.</param>
    /// <param name="clientId">The id that its hello said.</param>
    /// <returns>The key.</returns>
    public static Guid Derive(ClientIdentity client, Guid clientId)
    {
        byte[] input = new byte[Encoding.UTF8.GetByteCount(client.Id) + ClientIdBytes];
        int length = Encoding.UTF8.GetBytes(client.Id, input);
        clientId.TryWriteBytes(input.AsSpan(length), bigEndian: true, out _);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(input, hash);
        return new Guid(hash[..ClientIdBytes], bigEndian: true);
    }
}
