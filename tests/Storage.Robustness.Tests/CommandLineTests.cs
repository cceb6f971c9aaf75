using WsStorage.Robustness.Planted;

namespace WsStorage.Robustness.Tests;

public class CommandLineTests
{
    [TestCase("disconnects", 1)]
    [TestCase("all", 11)]
    public void A_scenario_alone_is_run_in_its_long_form(string scenario, int count)
    {
        CommandLine line = CommandLine.TryParse([scenario])!;
        Assert.That(line.Scenarios, Has.Count.EqualTo(count));
        Assert.That(line.Count, Is.Null);
    }

    [Test]
    public void Options_are_read()
    {
        CommandLine line = CommandLine.TryParse(["kills", "--count", "12", "--seed", "7", "--plant", "early-acknowledgement", "--durability", "buffered"])!;
        Assert.That((line.Count, line.Seed, line.Plant, line.Durability), Is.EqualTo((12, 7, PlantedBug.EarlyAcknowledgement, Durability.Buffered)));
    }

    [TestCase]
    [TestCase("nothing")]
    [TestCase("kills", "--count")]
    [TestCase("kills", "--count", "0")]
    [TestCase("kills", "--plant", "roses")]
    [TestCase("kills", "--durability", "volatile")]
    public void What_makes_no_sense_is_refused(params string[] arguments) => Assert.That(CommandLine.TryParse(arguments), Is.Null);
}
