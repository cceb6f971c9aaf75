using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace WsStorage.Transport.Tls;

/// <summary>Reads and writes PKCS#12 files (RFC 7292), with one clear sentence for everything that can be wrong.</summary>
internal static class StoreFile
{
    private const int MaxBytes = 1024 * 1024;
    private const int ErrorInvalidPassword = unchecked((int)0x80070056);

    /// <summary>
    /// Windows' TLS cannot use a key that never was in a key file, macOS knows no other kind, and on Linux there is no
    /// key file at all (dotnet/runtime 103101).
    /// </summary>
    private static X509KeyStorageFlags KeyStorage =>
        OperatingSystem.IsLinux() ? X509KeyStorageFlags.EphemeralKeySet : X509KeyStorageFlags.DefaultKeySet;

    public static X509Certificate2Collection Read(string kind, string path, PasswordSource password)
    {
        byte[] bytes = ReadBytes(kind, path);
        RefuseOtherFormats(kind, path, bytes);
        try
        {
            return X509CertificateLoader.LoadPkcs12Collection(bytes, password.Read(), KeyStorage);
        }
        catch (Pkcs12LoadLimitExceededException e)
        {
            throw StorageException.InvalidArgument(
                $"The {kind} {path} asks for more work than is safe: {e.Message} Write it anew with openssl or keytool at their defaults.");
        }
        catch (CryptographicException e) when (e.HResult == ErrorInvalidPassword)
        {
            throw new StorageException(
                StorageErrorCode.AuthenticationFailed,
                $"The {kind} {path} does not open with the password from {password}: the password is wrong, or the file is damaged.",
                innerException: e);
        }
        catch (CryptographicException e)
        {
            throw new StorageException(
                StorageErrorCode.Corrupt,
                $"The {kind} {path} is damaged or is not a PKCS#12 (.pfx, .p12) file: {e.Message}",
                innerException: e);
        }
    }

    /// <summary>A certificate that this process made, with its key where the platform's TLS can use it.</summary>
    public static X509Certificate2 MakeUsable(X509Certificate2 certificate)
    {
        if (OperatingSystem.IsLinux())
        {
            return certificate;
        }

        using (certificate)
        {
            byte[] bytes = certificate.Export(X509ContentType.Pkcs12);
            return X509CertificateLoader.LoadPkcs12(bytes, password: null, KeyStorage | X509KeyStorageFlags.Exportable);
        }
    }

    public static void Write(string kind, string path, X509Certificate2Collection content, PasswordSource password, bool overwrite)
    {
        byte[] bytes = content.ExportPkcs12(Pkcs12ExportPbeParameters.Pbes2Aes256Sha256, password.Read());
        WriteBytes(kind, path, bytes, overwrite);
    }

    /// <summary>Writes a file that only its owner can read; an existing one is replaced whole or stays as it is.</summary>
    public static void WriteBytes(string kind, string path, ReadOnlySpan<byte> bytes, bool overwrite)
    {
        if (!overwrite && Path.Exists(path))
        {
            throw Existing(kind, path);
        }

        // Under its name only once it is whole: a disk that is full leaves no file that looks like one.
        string written = $"{path}.{Guid.NewGuid():N}.new";
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        try
        {
            using (var file = new FileStream(written, options))
            {
                file.Write(bytes);
                file.Flush(flushToDisk: true);
            }

            File.Move(written, path, overwrite);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (File.Exists(written))
            {
                File.Delete(written);
            }

            throw !overwrite && Path.Exists(path)
                ? Existing(kind, path, e)
                : new StorageException(StorageErrorCode.IOError, $"The {kind} {path} cannot be written: {e.Message}", innerException: e);
        }
    }

    public static void MakeDirectory(string path)
    {
        try
        {
            Directory.CreateDirectory(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StorageException(
                StorageErrorCode.IOError, $"The directory {path} cannot be made: {e.Message}", innerException: e);
        }
    }

    private static StorageException Existing(string kind, string path, Exception? cause = null) => new(
        StorageErrorCode.InvalidArgument,
        $"The {kind} {path} exists already and is not overwritten unless you ask for it.",
        innerException: cause);

    private static byte[] ReadBytes(string kind, string path)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            if (file.Length > MaxBytes)
            {
                throw StorageException.InvalidArgument(
                    $"The {kind} {path} has {file.Length} bytes; a {kind} has at most {MaxBytes}. Name the right file.");
            }

            var bytes = new byte[file.Length];
            file.ReadExactly(bytes);
            return bytes;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new StorageException(
                StorageErrorCode.NotFound, $"The {kind} {path} does not exist; `wsstorage certs new` makes a set to start with.", innerException: e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StorageException(
                StorageErrorCode.IOError, $"The {kind} {path} cannot be read: {e.Message}", innerException: e);
        }
    }

    private static void RefuseOtherFormats(string kind, string path, ReadOnlySpan<byte> bytes)
    {
        if (bytes.StartsWith("-----BEGIN"u8))
        {
            throw StorageException.InvalidArgument(
                $"The {kind} {path} is a PEM file; convert it with `openssl pkcs12 -export` (certs/README.md shows how).");
        }

        if (bytes.StartsWith((ReadOnlySpan<byte>)[0xFE, 0xED, 0xFE, 0xED]))
        {
            throw StorageException.InvalidArgument(
                $"The {kind} {path} is in Java's old JKS format; convert it with `keytool -importkeystore -deststoretype PKCS12`.");
        }
    }
}
