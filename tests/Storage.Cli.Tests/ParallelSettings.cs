// Each test waits for processes more than it works.
[assembly: Parallelizable(ParallelScope.Children)]
[assembly: LevelOfParallelism(3)]
[assembly: FixtureLifeCycle(LifeCycle.SingleInstance)]
