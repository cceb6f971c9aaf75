using System.CommandLine;
using WsStorage.Transport.Tls;

namespace WsStorage.Cli.Verbs;

/// <summary><c>wsstorage certs new</c></summary>
internal static class CertsNewCommand
{
    public static Command Create()
    {
        var directory = new Argument<string>("DIR") { Description = "Where to put them.", DefaultValueFactory = _ => "certs" };
        var hosts = new Option<string[]>("--host")
        {
            Description = "A DNS name or IP address under which clients reach the server; may be given more than once [default: localhost, 127.0.0.1, ::1].",
            HelpName = "HOST",
        };
        var client = new Option<string>("--client") { Description = "The client's name.", DefaultValueFactory = _ => "client", HelpName = "NAME" };
        Option<int> days = NumberOption.Create("--days", "How long the two certificates are valid.", 365);
        var force = new Option<bool>("--force") { Description = "Replace files that exist." };
        var command = new Command("new", "Make an authority, and keystore and truststore for a server and a client.")
        {
            directory,
            hosts,
            client,
            days,
            force,
        };
        command.SetAction(parsed =>
        {
            var options = new CertificateSetOptions
            {
                ClientName = parsed.GetValue(client)!,
                Validity = TimeSpan.FromDays(parsed.GetValue(days)),
            };
            if (parsed.GetValue(hosts) is { Length: > 0 } named)
            {
                options = options with { Hosts = named };
            }

            CertificateSet set = CertificateSet.Create(parsed.GetValue(directory)!, options, parsed.GetValue(force));
            Console.WriteLine($"""
                {set.ServerKeystore}     for the server: its certificate and key
                {set.ServerTruststore}   for the server: whom it trusts
                {set.ClientKeystore}     for the client: its certificate and key
                {set.ClientTruststore}   for the client: whom it trusts
                {set.PasswordFile}         the password of all of them
                {set.Authority}                  the authority: needed to issue more, and by nobody else; keep it away from servers
                """);
            return ExitCode.Done;
        });
        return command;
    }
}
