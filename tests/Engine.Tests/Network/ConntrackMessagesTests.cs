using LayerImage.Engine.Interop.Netlink;
using Xunit;

namespace LayerImage.Engine.Tests.Network;

/// <summary>Which flows of a list are forgotten: a kernel that does not know the filter lists all.</summary>
public sealed class ConntrackMessagesTests
{
    [Fact]
    public void FlowThatWasMeant_IsForgottenByItsName()
    {
        byte[] flow = Flow(ConntrackMessages.List(new UdpFlows(53, null)));

        NetlinkMessage forget = ConntrackMessages.ForgetOne(flow, new UdpFlows(53, null))!;

        // The same fixed part and the same tuple, and nothing else.
        ReadOnlySpan<byte> sent = forget.Finish(1)[NetlinkMessage.HeaderLength..];
        Assert.Equal(flow[..sent.Length], sent.ToArray());
        Assert.True(sent.Length < flow.Length);
    }

    [Fact]
    public void FlowThatWasNotMeant_IsLeft() => Assert.Null(ConntrackMessages.ForgetOne(Flow(ConntrackMessages.List(new UdpFlows(53, null))), new UdpFlows(54, null)));

    [Theory]
    [InlineData(new byte[] { 2, 1, 0, 0 })]
    [InlineData(new byte[] { 2, 1, 0, 0, 0, 0, 1, 0 })]
    [InlineData(new byte[] { 2, 1, 0, 0, 200, 0, 1, 0 })]
    public void AnswerWithoutAFlow_IsLeft(byte[] answer) => Assert.Null(ConntrackMessages.ForgetOne(answer, new UdpFlows(53, null)));

    // The kernel's answers have the form of the questions.
    private static byte[] Flow(NetlinkMessage message) => message.Finish(1)[NetlinkMessage.HeaderLength..].ToArray();
}
