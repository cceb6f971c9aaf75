using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace WsStorage.Architecture.Tests;

/// <summary>Members in the words of C#.</summary>
internal static class ApiMembers
{
    private static readonly NullabilityInfoContext Nullability = new();

    public static string Of(ConstructorInfo constructor) =>
        $"new({Parameters(constructor)})";

    public static string Of(FieldInfo field)
    {
        string type = ApiNames.Of(field.FieldType, Nullability.Create(field));
        return field.IsLiteral
            ? $"const {type} {field.Name} = {Literal(field.GetRawConstantValue())}"
            : $"{(field.IsStatic ? "static " : "")}{(field.IsInitOnly ? "readonly " : "")}{type} {field.Name}";
    }

    public static string Of(PropertyInfo property)
    {
        MethodInfo any = property.GetAccessors(nonPublic: true)[0];
        ParameterInfo[] index = property.GetIndexParameters();
        string name = index.Length > 0 ? $"this[{string.Join(", ", index.Select(Parameter))}]" : property.Name;
        string get = property.GetMethod is { IsPrivate: false, IsAssembly: false } ? "get; " : "";
        string set = property.SetMethod is { IsPrivate: false, IsAssembly: false } setter
            ? setter.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) ? "init; " : "set; "
            : "";
        string required = property.IsDefined(typeof(RequiredMemberAttribute)) ? "required " : "";
        return $"{Modifiers(any)}{required}{ApiNames.Of(property.PropertyType, Nullability.Create(property))} {name} {{ {get}{set}}}";
    }

    public static string Of(EventInfo declared) =>
        $"{Modifiers(declared.AddMethod!)}event {ApiNames.Of(declared.EventHandlerType!, Nullability.Create(declared))} {declared.Name}";

    public static string Of(MethodInfo method) => $"{Modifiers(method)}{Signature(method, method.Name)}";

    public static string Signature(MethodInfo method, string name)
    {
        string generic = method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(ApiNames.Of))}>" : "";
        return $"{ApiNames.Of(method.ReturnType, Nullability.Create(method.ReturnParameter))} {name}{generic}({Parameters(method)})";
    }

    private static string Modifiers(MethodInfo method)
    {
        if (method.DeclaringType!.IsInterface)
        {
            return method.IsStatic ? "static " : "";
        }

        string access = method.IsPublic ? "" : "protected ";
        string kind = method switch
        {
            { IsStatic: true } => "static ",
            { IsAbstract: true } => "abstract ",
            { IsVirtual: true } when method.GetBaseDefinition().DeclaringType != method.DeclaringType => "override ",
            { IsVirtual: true, IsFinal: false } => "virtual ",
            _ => "",
        };
        return access + kind;
    }

    private static string Parameters(MethodBase method)
    {
        string self = method.IsDefined(typeof(ExtensionAttribute)) ? "this " : "";
        return self + string.Join(", ", method.GetParameters().Select(Parameter));
    }

    private static string Parameter(ParameterInfo parameter)
    {
        string modifier = parameter switch
        {
            { IsOut: true } => "out ",
            { ParameterType.IsByRef: true, IsIn: true } => "in ",
            { ParameterType.IsByRef: true } => "ref ",
            _ when parameter.IsDefined(typeof(ParamArrayAttribute)) || parameter.IsDefined(typeof(ParamCollectionAttribute)) => "params ",
            _ => "",
        };
        Type type = parameter.ParameterType.IsByRef ? parameter.ParameterType.GetElementType()! : parameter.ParameterType;
        string fallback = parameter.HasDefaultValue ? $" = {Literal(parameter.RawDefaultValue)}" : "";
        return $"{modifier}{ApiNames.Of(type, Nullability.Create(parameter))} {parameter.Name}{fallback}";
    }

    private static string Literal(object? value) => value switch
    {
        null => "default",
        string text => $"\"{text}\"",
        bool flag => flag ? "true" : "false",
        IFormattable number => number.ToString(format: null, CultureInfo.InvariantCulture),
        _ => value.ToString()!,
    };
}
