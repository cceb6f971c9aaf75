using System.CommandLine;
using WsStorage.Benchmarks;

return await CommandTree.Create().Parse(args).InvokeAsync();
