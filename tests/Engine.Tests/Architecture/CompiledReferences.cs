using System.Collections.Immutable;
using System.Reflection.Emit;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace LayerImage.Engine.Tests;

/// <summary>
/// Which source folder's types name which other's, as the compiler saw it: base types, members, attributes, and the code of every method.
/// Where a type lies is told by the debug information within the assembly. A constant is no reference: the compiler leaves its value.
/// </summary>
internal sealed class CompiledReferences : IDisposable
{
    // "Type Document" of the portable PDB format: where a type is that has no code there, such as an interface or an enum.
    private static readonly Guid s_typeDocuments = new("932E74BC-DBA9-4478-8D46-0F32A7BAB3D3");
    private static readonly Dictionary<ushort, OperandType> s_operands = typeof(OpCodes).GetFields().Select(field => (OpCode)field.GetValue(null)!)
        .ToDictionary(code => (ushort)code.Value, code => code.OperandType);

    private readonly PEReader _file;
    private readonly MetadataReader _types, _debug;
    private readonly MetadataReaderProvider _debugProvider;
    private readonly string _source;
    private readonly Dictionary<TypeDefinitionHandle, string?> _folders = [];

    /// <summary>Opens an assembly.</summary>
    /// <param name="assembly">Its file, which holds its debug information.</param>
    /// <param name="source">The part of its sources' paths that ends before the folders: "/src/Engine/".</param>
    public CompiledReferences(string assembly, string source)
    {
        _source = source;
        _file = new PEReader(File.OpenRead(assembly));
        _types = _file.GetMetadataReader();
        _debugProvider = _file.ReadEmbeddedPortablePdbDebugDirectoryData(_file.ReadDebugDirectory().Single(entry => entry.Type == DebugDirectoryEntryType.EmbeddedPortablePdb));
        _debug = _debugProvider.GetMetadataReader();
        foreach (TypeDefinitionHandle type in _types.TypeDefinitions)
        {
            _folders[type] = FindFolder(Outermost(type));
        }
    }

    /// <summary>Each type's name with its folder, "" for the topmost one; what the compiler made of its own is left out.</summary>
    public IEnumerable<(string Type, string Folder)> Types() => _folders.Where(entry => entry.Value is not null && Outermost(entry.Key) == entry.Key)
        .Select(entry => (_types.GetString(_types.GetTypeDefinition(entry.Key).Name), entry.Value!));

    /// <summary>The references that cross folders, each with the two types.</summary>
    public IEnumerable<(string From, string To, string Why)> Arrows()
    {
        foreach (TypeDefinitionHandle type in _types.TypeDefinitions)
        {
            if (_folders[type] is not { } from)
            {
                continue;
            }
            foreach (TypeDefinitionHandle used in Used(type).Where(used => _folders[used] is { } to && to != from))
            {
                yield return (from, _folders[used]!, $"{NameOf(type)} uses {NameOf(used)}");
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _debugProvider.Dispose();
        _file.Dispose();
    }

    private string NameOf(TypeDefinitionHandle type) => _types.GetString(_types.GetTypeDefinition(Outermost(type)).Name);

    private TypeDefinitionHandle Outermost(TypeDefinitionHandle type)
    {
        while (_types.GetTypeDefinition(type).GetDeclaringType() is { IsNil: false } outer)
        {
            type = outer;
        }
        return type;
    }

    private string? FindFolder(TypeDefinitionHandle type) => Documents(type).Select(FolderOf).FirstOrDefault(folder => folder is not null);

    private IEnumerable<DocumentHandle> Documents(TypeDefinitionHandle type)
    {
        foreach (CustomDebugInformation information in _debug.GetCustomDebugInformation(type).Select(_debug.GetCustomDebugInformation).Where(found => _debug.GetGuid(found.Kind) == s_typeDocuments))
        {
            for (BlobReader blob = _debug.GetBlobReader(information.Value); blob.RemainingBytes > 0;)
            {
                yield return MetadataTokens.DocumentHandle(blob.ReadCompressedInteger());
            }
        }
        TypeDefinition definition = _types.GetTypeDefinition(type);
        foreach (DocumentHandle document in definition.GetMethods().Select(method => _debug.GetMethodDebugInformation(method).Document).Where(document => !document.IsNil))
        {
            yield return document;
        }
        foreach (DocumentHandle document in definition.GetNestedTypes().SelectMany(Documents))
        {
            yield return document;
        }
    }

    private string? FolderOf(DocumentHandle document)
    {
        string path = _debug.GetString(_debug.GetDocument(document).Name).Replace('\\', '/');
        int start = path.LastIndexOf(_source, StringComparison.Ordinal);
        return start < 0 || path.Contains("/obj/", StringComparison.Ordinal) ? null : Path.GetDirectoryName(path[(start + _source.Length)..]);
    }

    private HashSet<TypeDefinitionHandle> Used(TypeDefinitionHandle handle)
    {
        Collector found = new(_types);
        TypeDefinition type = _types.GetTypeDefinition(handle);
        found.Add(type.BaseType);
        foreach (InterfaceImplementationHandle implemented in type.GetInterfaceImplementations())
        {
            found.Add(_types.GetInterfaceImplementation(implemented).Interface);
        }
        found.AddAttributes(type.GetCustomAttributes());
        foreach (FieldDefinition field in type.GetFields().Select(_types.GetFieldDefinition))
        {
            field.DecodeSignature(found, null);
            found.AddAttributes(field.GetCustomAttributes());
        }
        foreach (MethodDefinition method in type.GetMethods().Select(_types.GetMethodDefinition))
        {
            method.DecodeSignature(found, null);
            found.AddAttributes(method.GetCustomAttributes());
            foreach (EntityHandle constraint in method.GetGenericParameters().SelectMany(parameter => _types.GetGenericParameter(parameter).GetConstraints()).Select(constraint => _types.GetGenericParameterConstraint(constraint).Type))
            {
                found.Add(constraint);
            }
            if (method.RelativeVirtualAddress != 0)
            {
                AddBody(found, _file.GetMethodBody(method.RelativeVirtualAddress));
            }
        }
        return found.Types;
    }

    private static void AddBody(Collector found, MethodBodyBlock body)
    {
        found.Add(body.LocalSignature);
        foreach (ExceptionRegion region in body.ExceptionRegions)
        {
            found.Add(region.CatchType);
        }
        for (BlobReader code = body.GetILReader(); code.RemainingBytes > 0;)
        {
            ushort operation = code.ReadByte();
            switch (s_operands[operation == 0xFE ? (ushort)(0xFE00 | code.ReadByte()) : operation])
            {
                case OperandType.InlineNone:
                    break;
                case OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineTok or OperandType.InlineType or OperandType.InlineSig:
                    found.Add(MetadataTokens.EntityHandle(code.ReadInt32()));
                    break;
                case OperandType.InlineSwitch:
                    int targets = code.ReadInt32();
                    code.Offset += sizeof(int) * targets;
                    break;
                case OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar:
                    code.Offset += 1;
                    break;
                case OperandType.InlineVar:
                    code.Offset += 2;
                    break;
                case OperandType.InlineI8 or OperandType.InlineR:
                    code.Offset += 8;
                    break;
                default:
                    code.Offset += 4;
                    break;
            }
        }
    }

    /// <summary>Keeps the types of this assembly that signatures and tokens name.</summary>
    private sealed class Collector(MetadataReader reader) : ISignatureTypeProvider<object?, object?>
    {
        public HashSet<TypeDefinitionHandle> Types { get; } = [];

        public void AddAttributes(CustomAttributeHandleCollection attributes)
        {
            foreach (CustomAttributeHandle attribute in attributes)
            {
                Add(reader.GetCustomAttribute(attribute).Constructor);
            }
        }

        public void Add(EntityHandle handle)
        {
            if (handle.IsNil)
            {
                return;
            }
            switch (handle.Kind)
            {
                case HandleKind.TypeDefinition:
                    Types.Add((TypeDefinitionHandle)handle);
                    break;
                case HandleKind.TypeSpecification:
                    reader.GetTypeSpecification((TypeSpecificationHandle)handle).DecodeSignature(this, null);
                    break;
                case HandleKind.MethodDefinition:
                    MethodDefinition method = reader.GetMethodDefinition((MethodDefinitionHandle)handle);
                    Types.Add(method.GetDeclaringType());
                    method.DecodeSignature(this, null);
                    break;
                case HandleKind.FieldDefinition:
                    FieldDefinition field = reader.GetFieldDefinition((FieldDefinitionHandle)handle);
                    Types.Add(field.GetDeclaringType());
                    field.DecodeSignature(this, null);
                    break;
                case HandleKind.MemberReference:
                    MemberReference member = reader.GetMemberReference((MemberReferenceHandle)handle);
                    Add(member.Parent);
                    _ = member.GetKind() == MemberReferenceKind.Method ? (object?)member.DecodeMethodSignature(this, null).ReturnType : member.DecodeFieldSignature(this, null);
                    break;
                case HandleKind.MethodSpecification:
                    MethodSpecification specification = reader.GetMethodSpecification((MethodSpecificationHandle)handle);
                    Add(specification.Method);
                    specification.DecodeSignature(this, null);
                    break;
                case HandleKind.StandaloneSignature:
                    StandaloneSignature signature = reader.GetStandaloneSignature((StandaloneSignatureHandle)handle);
                    _ = signature.GetKind() == StandaloneSignatureKind.LocalVariables ? (object?)signature.DecodeLocalSignature(this, null) : signature.DecodeMethodSignature(this, null).ReturnType;
                    break;
            }
        }

        public object? GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind)
        {
            Types.Add(handle);
            return null;
        }

        public object? GetTypeFromSpecification(MetadataReader reader, object? genericContext, TypeSpecificationHandle handle, byte rawTypeKind) =>
            reader.GetTypeSpecification(handle).DecodeSignature(this, genericContext);

        public object? GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind) => null;

        public object? GetArrayType(object? elementType, ArrayShape shape) => null;

        public object? GetByReferenceType(object? elementType) => null;

        public object? GetFunctionPointerType(MethodSignature<object?> signature) => null;

        public object? GetGenericInstantiation(object? genericType, ImmutableArray<object?> typeArguments) => null;

        public object? GetGenericMethodParameter(object? genericContext, int index) => null;

        public object? GetGenericTypeParameter(object? genericContext, int index) => null;

        public object? GetModifiedType(object? modifier, object? unmodifiedType, bool isRequired) => null;

        public object? GetPinnedType(object? elementType) => null;

        public object? GetPointerType(object? elementType) => null;

        public object? GetPrimitiveType(PrimitiveTypeCode typeCode) => null;

        public object? GetSZArrayType(object? elementType) => null;
    }
}
