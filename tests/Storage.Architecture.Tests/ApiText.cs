using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;

namespace WsStorage.Architecture.Tests;

/// <summary>The public surface of an assembly as text: a paragraph for each type, a line for each member, in a stable order.
/// Members that the compiler adds to every record are left out.</summary>
internal static class ApiText
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    public static string Of(Assembly assembly)
    {
        var text = new StringBuilder();
        foreach (Type type in assembly.GetExportedTypes().OrderBy(type => $"{type.Namespace}.{ApiNames.Of(type)}", StringComparer.Ordinal))
        {
            text.Append($"{(text.Length > 0 ? "\n" : "")}{type.Namespace}: {Declaration(type)}\n");
            foreach ((string _, string line) in Members(type).OrderBy(each => each.Name, StringComparer.Ordinal).ThenBy(each => each.Line, StringComparer.Ordinal))
            {
                text.Append($"    {line}\n");
            }
        }

        return text.ToString();
    }

    private static string Declaration(Type type)
    {
        if (IsDelegate(type))
        {
            return $"delegate {ApiMembers.Signature(type.GetMethod("Invoke")!, ApiNames.Of(type))}";
        }

        IEnumerable<Type> inherited = type.BaseType?.GetInterfaces() ?? [];
        IEnumerable<string> bases = type.GetInterfaces()
            .Except(inherited.Concat(type.GetInterfaces().SelectMany(each => each.GetInterfaces())))
            .Select(ApiNames.Of)
            .Order(StringComparer.Ordinal);
        if (type.IsEnum)
        {
            bases = [ApiNames.Of(Enum.GetUnderlyingType(type))];
        }
        else if (type.BaseType is { } baseType && baseType != typeof(object) && baseType != typeof(ValueType))
        {
            bases = bases.Prepend(ApiNames.Of(baseType));
        }

        string list = string.Join(", ", bases);
        return $"{Kind(type)} {ApiNames.Of(type)}{(list.Length > 0 ? $" : {list}" : "")}";
    }

    private static string Kind(Type type)
    {
        bool record = type.GetMethods(Declared).Any(method => method.Name is "PrintMembers" && IsGenerated(method));
        string word = record ? "record " : "";
        if (type.IsInterface)
        {
            return "interface";
        }

        if (type.IsEnum)
        {
            return type.IsDefined(typeof(FlagsAttribute)) ? "flags enum" : "enum";
        }

        if (type.IsValueType)
        {
            string readOnly = type.IsDefined(typeof(IsReadOnlyAttribute)) ? "readonly " : "";
            return $"{readOnly}{(type.IsByRefLike ? "ref " : "")}{word}struct";
        }

        string modifier = type switch
        {
            { IsAbstract: true, IsSealed: true } => "static ",
            { IsAbstract: true } => "abstract ",
            { IsSealed: true } => "sealed ",
            _ => "",
        };
        return $"{modifier}{word}class";
    }

    /// <summary>Constructors come first: their name is ".ctor".</summary>
    private static IEnumerable<(string Name, string Line)> Members(Type type)
    {
        if (IsDelegate(type))
        {
            return [];
        }

        if (type.IsEnum)
        {
            return type.GetFields(BindingFlags.Public | BindingFlags.Static)
                .Select(field => (Number: Convert.ToInt64(field.GetRawConstantValue()), field.Name))
                .Select(each => ($"{each.Number:d20}", $"{each.Name} = {each.Number}"));
        }

        return
        [
            .. type.GetConstructors(Declared).Where(each => IsVisible(each) && !IsGenerated(each)).Select(each => (each.Name, ApiMembers.Of(each))),
            .. type.GetFields(Declared).Where(IsVisible).Select(each => (each.Name, ApiMembers.Of(each))),
            .. type.GetProperties(Declared).Where(IsVisible).Select(each => (each.Name, ApiMembers.Of(each))),
            .. type.GetEvents(Declared).Where(each => IsVisible(each.AddMethod!)).Select(each => (each.Name, ApiMembers.Of(each))),
            .. type.GetMethods(Declared).Where(each => IsVisible(each) && !IsAccessor(each) && !IsGenerated(each)).Select(each => (each.Name, ApiMembers.Of(each))),
        ];
    }

    private static bool IsDelegate(Type type) => type.IsSubclassOf(typeof(Delegate));

    private static bool IsVisible(MethodBase method) =>
        method.IsPublic || ((method.IsFamily || method.IsFamilyOrAssembly) && !method.DeclaringType!.IsSealed);

    private static bool IsVisible(FieldInfo field) =>
        field.IsPublic || ((field.IsFamily || field.IsFamilyOrAssembly) && !field.DeclaringType!.IsSealed);

    private static bool IsVisible(PropertyInfo property) => property.GetAccessors(nonPublic: true).Any(IsVisible);

    private static bool IsAccessor(MethodInfo method) =>
        method.IsSpecialName && !method.Name.StartsWith("op_", StringComparison.Ordinal);

    private static bool IsGenerated(MethodBase method) => method.IsDefined(typeof(CompilerGeneratedAttribute));
}
