using System.Diagnostics;
using WsStorage.Transport.Tls;

namespace WsStorage.Cli.Tests;

internal sealed class CertsTests
{
    private readonly TestDirectory _directory = new();

    [OneTimeTearDown]
    public void Delete() => _directory.Dispose();

    [Test]
    public async Task New_makes_a_set_and_show_prints_it()
    {
        string certs = _directory.Of("certs");

        CliResult made = (await CliProcess.RunAsync("certs", "new", certs, "--host", "db.example.org", "--host", "10.0.0.1", "--client", "alice", "--days", "30")).ShouldSucceed();
        string shown = (await CliProcess.RunAsync("certs", "show", certs)).ShouldSucceed().Text;

        using (Assert.EnterMultipleScope())
        {
            var set = new CertificateSet(certs);
            Assert.That(set.Files.Where(file => !File.Exists(file) || !made.Text.Contains(file, StringComparison.Ordinal)), Is.Empty);
            Assert.That(shown, Does.Contain("CN=alice: certificate with its private key").And.Contain("clientAuth"));
            Assert.That(shown, Does.Contain("names        db.example.org, 10.0.0.1").And.Contain("serverAuth"));
            Assert.That(shown, Does.Contain("CN=WsStorage CA: authority with its private key"));
            Assert.That(shown, Does.Not.Contain(set.Password.Read()));
        }
    }

    [Test]
    public async Task Files_that_exist_are_replaced_only_when_asked()
    {
        string certs = _directory.Of("twice");
        (await CliProcess.RunAsync("certs", "new", certs)).ShouldSucceed();
        byte[] before = await File.ReadAllBytesAsync(new CertificateSet(certs).ClientKeystore);

        (await CliProcess.RunAsync("certs", "new", certs)).ShouldFail(2, "exists already; nothing was written");
        Assert.That(await File.ReadAllBytesAsync(new CertificateSet(certs).ClientKeystore), Is.EqualTo(before));

        (await CliProcess.RunAsync("certs", "new", certs, "--force")).ShouldSucceed();
        Assert.That(await File.ReadAllBytesAsync(new CertificateSet(certs).ClientKeystore), Is.Not.EqualTo(before));
    }

    [Test]
    public async Task Show_tells_what_is_not_there_and_what_does_not_open()
    {
        CertificateSet set = CertificateSet.Create(_directory.Of("shown"));
        string wrong = _directory.WriteFile("wrong", "no"u8.ToArray());

        (await CliProcess.RunAsync("certs", "show", _directory.Of("none.pfx"))).ShouldFail(3, "does not exist");
        (await CliProcess.RunAsync("certs", "show", set.ClientKeystore, "--password-file", wrong)).ShouldFail(3, "does not open with the password");
    }

    [Test]
    [Platform("Linux", Reason = "A small file system is mounted by the tools of Linux.")]
    public async Task Full_disk_is_told_and_no_part_of_a_set_is_left()
    {
        string small = _directory.Of("small");
        Directory.CreateDirectory(small);
        if (await RunAsync("mount", "-t", "tmpfs", "-o", "size=12k", "tmpfs", small) != 0)
        {
            Assert.Ignore("This user may not mount a small file system.");
        }

        try
        {
            (await CliProcess.RunAsync("certs", "new", small)).ShouldFail(3, "cannot be written: ");
            Assert.That(Directory.EnumerateFileSystemEntries(small), Is.Empty);
        }
        finally
        {
            await RunAsync("umount", small);
        }
    }

    private static async Task<int> RunAsync(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardError = true })!;
        await process.WaitForExitAsync();
        return process.ExitCode;
    }
}
