using FsCheck;
using FsCheck.Fluent;

namespace WsStorage.Testing;

public abstract partial class StorageContract
{
    [Test]
    public void Random_operations_do_what_the_model_does()
    {
        bool exactRevisions = Deviation(ContractFeature.DenseRevisions) is null;
        Property property = Prop.ForAll(
            ModelSequence.Arbitrary, sequence => sequence.CompareAsync(Storage, exactRevisions, Deadline));
        Check.One(Config.QuickThrowOnFailure.WithQuietOnSuccess(true).WithMaxTest(RandomCases), property);
    }
}
