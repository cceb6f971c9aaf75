using System.Reflection;

namespace WsStorage.Architecture.Tests;

/// <summary>Names of types in the words of C#.</summary>
internal static class ApiNames
{
    private static readonly Dictionary<Type, string> Keywords = new()
    {
        [typeof(void)] = "void",
        [typeof(object)] = "object",
        [typeof(string)] = "string",
        [typeof(bool)] = "bool",
        [typeof(char)] = "char",
        [typeof(byte)] = "byte",
        [typeof(sbyte)] = "sbyte",
        [typeof(short)] = "short",
        [typeof(ushort)] = "ushort",
        [typeof(int)] = "int",
        [typeof(uint)] = "uint",
        [typeof(long)] = "long",
        [typeof(ulong)] = "ulong",
        [typeof(float)] = "float",
        [typeof(double)] = "double",
        [typeof(decimal)] = "decimal",
    };

    public static string Of(Type type) => Of(type, nullability: null);

    /// <summary>The name, with a question mark wherever <see langword="null"/> may stand.</summary>
    public static string Of(Type type, NullabilityInfo? nullability)
    {
        if (type.IsByRef)
        {
            return $"ref {Of(type.GetElementType()!, nullability)}";
        }

        if (Nullable.GetUnderlyingType(type) is { } value)
        {
            return $"{Of(value)}?";
        }

        // Of a type parameter reflection can't tell "T" from "T?".
        bool mayBeNull = !type.IsValueType && !type.IsGenericParameter && nullability?.ReadState == NullabilityState.Nullable;
        return WithoutMark(type, nullability) + (mayBeNull ? "?" : "");
    }

    private static string WithoutMark(Type type, NullabilityInfo? nullability)
    {
        if (Keywords.TryGetValue(type, out string? keyword))
        {
            return keyword;
        }

        if (type.IsArray)
        {
            return $"{Of(type.GetElementType()!, nullability?.ElementType)}[{new string(',', type.GetArrayRank() - 1)}]";
        }

        string outer = type.IsNested && !type.IsGenericParameter ? $"{Of(type.DeclaringType!)}." : "";
        if (!type.IsGenericType)
        {
            return outer + type.Name;
        }

        Type[] arguments = type.GetGenericArguments();
        NullabilityInfo[]? infos = nullability?.GenericTypeArguments;
        IEnumerable<string> names = arguments.Select((argument, i) => Of(argument, infos is not null && i < infos.Length ? infos[i] : null));
        return type.Name.StartsWith("ValueTuple`", StringComparison.Ordinal)
            ? $"({string.Join(", ", names)})"
            : $"{outer}{type.Name.Split('`')[0]}<{string.Join(", ", names)}>";
    }
}
