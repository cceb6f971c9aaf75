using System.ComponentModel;
using System.Diagnostics;

namespace WsStorage.Transport.Tests.Tls;

/// <summary>Runs another program, such as openssl, where it is installed.</summary>
internal static class Tool
{
    public static ProcessStartInfo Start(string program, params IEnumerable<string> arguments) => new(program, arguments)
    {
        UseShellExecute = false,
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    };

    /// <summary>Skips the test where the program is not installed.</summary>
    public static void Require(string program, string argument)
    {
        try
        {
            using Process process = Process.Start(Start(program, argument))!;
            process.StandardOutput.ReadToEnd();
            process.WaitForExit();
        }
        catch (Win32Exception)
        {
            Assert.Ignore($"{program} is not installed");
        }
    }

    /// <summary>Runs a program to its end, which must be a good one.</summary>
    public static async Task<string> RunAsync(string program, params IEnumerable<string> arguments)
    {
        using Process process = Process.Start(Start(program, arguments))!;
        process.StandardInput.Close();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.That(process.ExitCode, Is.Zero, $"{program}: {await errors}{output}");
        return output;
    }
}
