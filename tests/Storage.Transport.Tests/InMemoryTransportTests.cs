using System.Globalization;
using System.Text;

namespace WsStorage.Transport.Tests;

public class InMemoryTransportTests
{
    [Test]
    public async Task What_is_received_has_no_gap_even_while_the_receiving_end_is_aborted()
    {
        for (int round = 0; round < 200; round++)
        {
            (InMemoryTransport left, InMemoryTransport right) = InMemoryTransport.CreatePair();
            for (int i = 0; i < 2000; i++)
            {
                await left.SendAsync(Encoding.ASCII.GetBytes(i.ToString(CultureInfo.InvariantCulture)));
            }

            var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Task receiving = Task.Run(() => ReceiveInOrderAsync(right, begun));
            await begun.Task;
            right.Abort();
            await receiving;
        }
    }

    [Test]
    public async Task What_was_sent_before_the_other_end_was_aborted_can_still_be_received()
    {
        (InMemoryTransport left, InMemoryTransport right) = InMemoryTransport.CreatePair();
        await left.SendAsync(new byte[] { 1 });
        left.Abort();
        Assert.That((await right.ReceiveAsync()).Data.ToArray(), Is.EqualTo(new byte[] { 1 }));
        await Assert.ThatAsync(async () => await right.ReceiveAsync(), Throws.InstanceOf<TransportException>());
        await Assert.ThatAsync(async () => await right.SendAsync(new byte[] { 2 }), Throws.InstanceOf<TransportException>());
    }

    /// <summary>Receives until the connection is lost.</summary>
    private static async Task ReceiveInOrderAsync(InMemoryTransport transport, TaskCompletionSource begun)
    {
        try
        {
            for (int i = 0; ; i++)
            {
                ReceivedMessage received = await transport.ReceiveAsync();
                Assert.That(Encoding.ASCII.GetString(received.Data.Span), Is.EqualTo(i.ToString(CultureInfo.InvariantCulture)));
                begun.TrySetResult();
            }
        }
        catch (TransportException)
        {
            // As it should end.
        }
    }
}
