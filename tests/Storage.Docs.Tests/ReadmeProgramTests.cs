using WsStorage.Testing;
using WsStorage.Testing.Network;
using WsStorage.Transport.Tls;

namespace WsStorage.Docs.Tests;

/// <summary>The first programs of the README, compiled as they stand and run against each other.</summary>
[NonParallelizable]
public class ReadmeProgramTests
{
    [Test]
    public async Task The_first_programs_work_together()
    {
        using var directory = new TemporaryDirectory();
        CertificateSet.Create(directory.Combine("certs"));
        string before = Environment.CurrentDirectory;
        TextReader input = Console.In;
        TextWriter output = Console.Out;
        using var stop = new BlockingReader();
        var said = new ListeningWriter("Press Enter to stop.");
        Environment.CurrentDirectory = directory.FullPath;
        Console.SetIn(stop);
        Console.SetOut(said);
        try
        {
            // A test can't rely on a port that is free everywhere; all else is as written.
            string port = FreePort.Find().ToString();
            Action[] programs = [.. CodeBlocks.Find(Repository.Read("README.md"), "csharp")
                .Select(code => CompiledProgram.Compile(code.Replace("7443", port, StringComparison.Ordinal)))];
            Assert.That(programs, Has.Length.EqualTo(5));
            Task server = Task.Run(programs[0]);
            await Task.WhenAny(server, said.Heard).WaitAsync(TimeSpan.FromMinutes(2));
            Assert.That(server.IsFaulted, Is.False, server.Exception?.ToString());
            foreach (Action program in programs.Skip(1))
            {
                await Task.Run(program).WaitAsync(TimeSpan.FromMinutes(2));
            }

            stop.Release();
            await server.WaitAsync(TimeSpan.FromMinutes(2));
        }
        finally
        {
            stop.Release();
            Console.SetIn(input);
            Console.SetOut(output);
            Environment.CurrentDirectory = before;
        }

        Assert.That(said.Text.Split('\n').Select(line => line.Trim()), Is.SupersetOf(new[]
        {
            "21.5",
            "sensor/1 = 21.5",
            "sensor/2 = 19.0",
            "claimed at revision 3",
            "sensor/1 is 21.5",
            "sensor/1 is now 22.0 (revision 4)",
            "20.1",
            "Live, 0 revisions behind",
            "3 rows, as at the source",
            "22.0, then 22.0",
            "delivered: 18.2",
        }));
    }

    private sealed class BlockingReader : TextReader
    {
        private readonly ManualResetEventSlim _released = new();

        public void Release() => _released.Set();

        public override string? ReadLine()
        {
            _released.Wait();
            return null;
        }
    }

    private sealed class ListeningWriter(string awaited) : StringWriter
    {
        private readonly TaskCompletionSource _heard = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly Lock _gate = new();

        public Task Heard => _heard.Task;

        public string Text
        {
            get
            {
                lock (_gate)
                {
                    return ToString();
                }
            }
        }

        public override void WriteLine(string? value)
        {
            lock (_gate)
            {
                base.WriteLine(value);
            }

            if (value?.Contains(awaited, StringComparison.Ordinal) == true)
            {
                _heard.TrySetResult();
            }
        }
    }
}
