using WsStorage.RocksDb.Native;

namespace WsStorage.RocksDb.Tests;

/// <summary>Where librocksdb is looked for, and what is said when it is nowhere.</summary>
public sealed class LibraryTests : StoreFixture
{
    [TestCase("linux", "ID=debian\nVERSION_ID=\"12\"", "sudo apt-get install librocksdb7.8")]
    [TestCase("linux", "ID=ubuntu\nVERSION_ID=\"22.04\"\nID_LIKE=debian", "sudo apt-get install librocksdb6.11")]
    [TestCase("linux", "ID=linuxmint\nVERSION_ID=\"21\"\nID_LIKE=\"ubuntu debian\"", "sudo apt-get install librocksdb-dev")]
    [TestCase("linux", "ID=fedora\nVERSION_ID=41", "sudo dnf install rocksdb")]
    [TestCase("linux", "ID='alpine'", "apk add rocksdb")]
    [TestCase("linux", "", "your distribution's package")]
    [TestCase("macos", "", "brew install rocksdb")]
    [TestCase("windows", "", "rocksdb.dll beside the program")]
    public void A_missing_library_is_one_sentence_with_what_to_do(string system, string release, string remedy)
    {
        string message = MissingLibrary.Describe(system, release);
        Assert.That(message, Does.Contain(remedy).And.Contain("ROCKSDB_LIBRARY").And.EndWith("."));
        Assert.That(message, Does.Not.Contain("\n"));
    }

    [Test]
    public void A_library_that_is_nowhere_is_missing()
    {
        StorageException e = Fails(() => new LibrarySearch(null, [Beside("none")], null, [Beside("none")]).Load());
        Assert.That(e.Code, Is.EqualTo(StorageErrorCode.LibraryMissing));
    }

    [Test]
    public void A_named_file_that_does_not_load_is_said_so()
    {
        string file = Beside("librocksdb.so");
        File.WriteAllText(file, "not a library");
        StorageException e = Fails(() => new LibrarySearch(file, [], null, []).Load());
        Assert.That(e.Code, Is.EqualTo(StorageErrorCode.LibraryMissing));
        Assert.That(e.Message, Does.Contain(file).And.Contain("ROCKSDB_LIBRARY"));
    }

    [Test]
    public void The_named_file_wins_over_a_package_the_package_over_the_system_the_system_over_the_fetched_copy()
    {
        string real = RealLibrary();
        string named = LinkTo(real, "named", "anything.so");
        string package = LinkTo(real, "package", "librocksdb.so");
        string system = LinkTo(real, "system", "librocksdb.so.6.11");
        string fetched = LinkTo(real, "fetched", "librocksdb.so.7.8");
        string[] packages = [Beside("package")];
        string[] systems = [Beside("system")];
        string[] copies = [Beside("fetched")];
        Assert.That(new LibrarySearch(named, packages, systems, copies).Load().Location, Is.EqualTo(named));
        Assert.That(new LibrarySearch(null, packages, systems, copies).Load().Location, Is.EqualTo(package));
        Assert.That(new LibrarySearch(null, [], systems, copies).Load().Location, Is.EqualTo(system).Or.EqualTo("librocksdb.so"));
        Assert.That(new LibrarySearch(null, [], null, copies).Load().Location, Is.EqualTo(fetched));
    }

    [Test]
    public void Of_several_versions_the_highest_is_taken()
    {
        string real = RealLibrary();
        LinkTo(real, "many", "librocksdb.so.6.11");
        string highest = LinkTo(real, "many", "librocksdb.so.10.2");
        LinkTo(real, "many", "librocksdb.so.9");
        Assert.That(new LibrarySearch(null, [Beside("many")], null, []).Load().Location, Is.EqualTo(highest));
    }

    [TestCase("librocksdb.so.7.8.3", "7.8.3")]
    [TestCase("/usr/lib/librocksdb.so.9", "9.0")]
    [TestCase("librocksdb.so", "0.0")]
    [TestCase("librocksdb.so.new", "0.0")]
    public void The_version_is_in_the_name(string file, string version) =>
        Assert.That(LibraryPlaces.VersionOf(file), Is.EqualTo(Version.Parse(version)));

    [Test]
    public void The_version_of_a_plain_name_is_in_the_name_of_the_file_that_it_leads_to()
    {
        string file = Beside("librocksdb.so.7.8.3");
        File.WriteAllText(file, "");
        Directory.CreateDirectory(Beside("links"));
        string versioned = LinkTo(file, "links", "librocksdb.so.7.8");
        string plain = LinkTo(versioned, "links", "librocksdb.so");
        Assert.That(LibraryPlaces.VersionOfLoaded(plain), Is.EqualTo(new Version(7, 8, 3)));
        Assert.That(LibraryPlaces.VersionOfLoaded(versioned), Is.EqualTo(new Version(7, 8)));
        Assert.That(LibraryPlaces.VersionOfLoaded(Beside("nothing.so")), Is.EqualTo(new Version(0, 0)));
    }

    [Test]
    [Platform("Linux")]
    public void The_version_of_a_name_that_the_loader_found_is_in_the_name_of_the_file_that_is_mapped()
    {
        Version version = LibraryPlaces.VersionOfLoaded(RocksDbLibrary.Location);
        Assert.That(LibraryPlaces.VersionOfLoaded("librocksdb.so").Major, Is.EqualTo(version.Major));
    }

    /// <summary>The library that this process uses, wherever it came from.</summary>
    private static string RealLibrary()
    {
        RocksDbLibrary.Load();
        if (Path.IsPathRooted(RocksDbLibrary.Location))
        {
            return RocksDbLibrary.Location;
        }

        string? mapped = OperatingSystem.IsLinux()
            ? File.ReadLines("/proc/self/maps").FirstOrDefault(line => line.Contains("librocksdb", StringComparison.Ordinal))
            : null;
        Assume.That(mapped, Is.Not.Null, "this system does not tell where its libraries lie");
        return mapped![mapped!.IndexOf('/', StringComparison.Ordinal)..];
    }

    private string LinkTo(string real, string directory, string name)
    {
        Directory.CreateDirectory(Beside(directory));
        string link = Path.Combine(Beside(directory), name);
        File.CreateSymbolicLink(link, real);
        return link;
    }
}
