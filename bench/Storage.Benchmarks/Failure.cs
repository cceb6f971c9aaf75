using WsStorage.Benchmarks.Scenarios;

namespace WsStorage.Benchmarks;

/// <summary>Turns what ended a run into a line on standard error and an exit code.</summary>
internal static class Failure
{
    /// <summary>Says it.</summary>
    /// <param name="exception">What ended the run.</param>
    /// <param name="interrupted">Whether the run had been asked to end.</param>
    /// <returns>The exit code.</returns>
    public static int Report(Exception exception, bool interrupted)
    {
        if (interrupted)
        {
            // Whatever else fails on the way out, such as a connection to a server that has ended, follows from that.
            Console.Error.WriteLine("Interrupted.");
            return ExitCode.Interrupted;
        }

        // A wrong value explains itself; of anything else the place is needed too.
        Console.Error.WriteLine(exception is WrongValueException ? exception.Message : exception.ToString());
        return ExitCode.Wrong;
    }
}
