package dev.bascule.formats.onnx;

import dev.bascule.formats.FormatException;
import dev.bascule.formats.InputFile;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Reads the messages of {@code onnx.proto} (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto)
 * into records.
 */
final class OnnxParser {
  /** ONNX's own operator set may be written either way. */
  private static final String ONNX_DOMAIN = "ai.onnx";

  private final WireReader wire;
  private final TensorParser tensors;
  private final TypeParser types;

  OnnxParser(InputFile file, ExternalFiles external, OnnxLimits limits) {
    this.wire = new WireReader(file, limits, new Place(), 0, file.size());
    this.tensors = new TensorParser(wire, file, external, limits);
    this.types = new TypeParser(wire, tensors, limits);
  }

  private static String domain(String domain) {
    return domain.equals(ONNX_DOMAIN) ? "" : domain;
  }

  OnnxModel model() {
    long irVersion = 0;
    long modelVersion = 0;
    String producerName = "";
    String producerVersion = "";
    String domain = "";
    OnnxGraph graph = null;
    Map<String, Long> opsetImports = new HashMap<>();
    Map<String, String> metadata = new HashMap<>();
    List<OnnxFunction> functions = new ArrayList<>();
    while (wire.next()) {
      switch (wire.field()) {
        case 1 -> irVersion = wire.integer();
        case 2 -> producerName = wire.string();
        case 3 -> producerVersion = wire.string();
        case 4 -> domain = wire.string();
        case 5 -> modelVersion = wire.integer();
        case 7 -> graph = graph("graph", -1);
        case 8 -> opsetImport(opsetImports);
        case 14 -> tensors.entry("metadata", metadata);
        case 25 -> functions.add(function(functions.size()));
        default -> wire.skip();
      }
    }
    if (graph == null) {
      throw wire.broken("a model with a graph", "none");
    }
    return new OnnxModel(
        irVersion,
        opsetImports,
        producerName,
        producerVersion,
        domain,
        modelVersion,
        metadata,
        graph,
        functions);
  }

  private void opsetImport(Map<String, Long> imports) {
    long outer = wire.enter("operator set", imports.size());
    String domain = "";
    long version = 0;
    while (wire.next()) {
      switch (wire.field()) {
        case 1 -> domain = domain(wire.string());
        case 2 -> version = wire.integer();
        default -> wire.skip();
      }
    }
    if (version < 1) {
      throw wire.broken("a version of 1 or more", Long.toString(version));
    }
    Long before = imports.put(domain, version);
    if (before != null && before != version) {
      throw wire.broken(
          "one version of each operator set", "versions " + before + " and " + version);
    }
    wire.leave(outer);
  }

  private OnnxGraph graph(String kind, int index) {
    long outer = wire.enter(kind, index);
    String name = "";
    List<OnnxNode> nodes = new ArrayList<>();
    List<OnnxTensor> initializers = new ArrayList<>();
    List<OnnxSparseTensor> sparse = new ArrayList<>();
    List<OnnxValueInfo> inputs = new ArrayList<>();
    List<OnnxValueInfo> outputs = new ArrayList<>();
    List<OnnxValueInfo> valueInfos = new ArrayList<>();
    while (wire.next()) {
      switch (wire.field()) {
        case 1 -> nodes.add(node(nodes.size()));
        case 2 -> {
          name = wire.string();
          wire.place().named(name);
        }
        case 5 -> initializers.add(tensors.tensor("initializer", initializers.size()));
        case 11 -> inputs.add(types.valueInfo("input", inputs.size()));
        case 12 -> outputs.add(types.valueInfo("output", outputs.size()));
        case 13 -> valueInfos.add(types.valueInfo("value", valueInfos.size()));
        case 15 -> sparse.add(tensors.sparse("sparse initializer", sparse.size()));
        default -> wire.skip();
      }
    }
    wire.leave(outer);
    return new OnnxGraph(name, nodes, initializers, sparse, inputs, outputs, valueInfos);
  }

  private OnnxNode node(int index) {
    long outer = wire.enter("node", index);
    String name = "";
    String opType = "";
    String domain = "";
    String overload = "";
    List<String> inputs = new ArrayList<>();
    List<String> outputs = new ArrayList<>();
    List<OnnxAttribute> attributes = new ArrayList<>();
    while (wire.next()) {
      switch (wire.field()) {
        case 1 -> inputs.add(wire.string());
        case 2 -> outputs.add(wire.string());
        case 3 -> {
          name = wire.string();
          wire.place().named(name);
        }
        case 4 -> opType = wire.string();
        case 5 -> attributes.add(attribute("attribute", attributes.size()));
        case 7 -> domain = domain(wire.string());
        case 8 -> overload = wire.string();
        default -> wire.skip();
      }
    }
    if (opType.isEmpty()) {
      throw wire.broken("the name of an operator", "none");
    }
    wire.leave(outer);
    OnnxNode node =
        new OnnxNode(index, name, opType, domain, overload, inputs, outputs, attributes);
    rejectRepeatedAttributes(node);
    return node;
  }

  private void rejectRepeatedAttributes(OnnxNode node) {
    Map<String, OnnxAttribute> seen = new HashMap<>();
    for (OnnxAttribute attribute : node.attributes()) {
      if (seen.put(attribute.name(), attribute) != null) {
        throw wire.broken(
            "each attribute of " + node.describe() + " once",
            FormatException.quote(attribute.name()) + " twice");
      }
    }
  }

  private OnnxFunction function(int index) {
    long outer = wire.enter("function", index);
    String name = "";
    String domain = "";
    String overload = "";
    List<String> inputs = new ArrayList<>();
    List<String> outputs = new ArrayList<>();
    List<String> attributes = new ArrayList<>();
    List<OnnxAttribute> defaults = new ArrayList<>();
    List<OnnxNode> nodes = new ArrayList<>();
    Map<String, Long> opsetImports = new HashMap<>();
    while (wire.next()) {
      switch (wire.field()) {
        case 1 -> {
          name = wire.string();
          wire.place().named(name);
        }
        case 4 -> inputs.add(wire.string());
        case 5 -> outputs.add(wire.string());
        case 6 -> attributes.add(wire.string());
        case 7 -> nodes.add(node(nodes.size()));
        case 9 -> opsetImport(opsetImports);
        case 10 -> domain = domain(wire.string());
        case 11 -> defaults.add(attribute("attribute", defaults.size()));
        case 13 -> overload = wire.string();
        default -> wire.skip();
      }
    }
    wire.leave(outer);
    return new OnnxFunction(
        name, domain, overload, inputs, outputs, attributes, defaults, nodes, opsetImports);
  }

  /**
   * What an attribute's message says; files before the third version of the format leave the kind
   * out.
   */
  private static final class Fields {
    private String name = "";
    private String reference = "";
    private long kind;
    private int kindSeen;
    private float floatValue;
    private long intValue;
    private String stringValue = "";
    private Optional<OnnxTensor> tensor = Optional.empty();
    private Optional<OnnxGraph> graph = Optional.empty();
    private Optional<OnnxSparseTensor> sparse = Optional.empty();
    private Optional<OnnxType> type = Optional.empty();
    private final List<Float> floats = new ArrayList<>();
    private final List<Long> ints = new ArrayList<>();
    private final List<String> strings = new ArrayList<>();
    private final List<OnnxTensor> tensors = new ArrayList<>();
    private final List<OnnxGraph> graphs = new ArrayList<>();
    private final List<OnnxSparseTensor> sparses = new ArrayList<>();
    private final List<OnnxType> types = new ArrayList<>();
  }

  private OnnxAttribute attribute(String kind, int index) {
    long outer = wire.enter(kind, index);
    Fields fields = new Fields();
    while (wire.next()) {
      attributeField(fields);
    }
    if (fields.name.isEmpty()) {
      throw wire.broken("an attribute with a name", "none");
    }
    OnnxAttribute attribute = new OnnxAttribute(fields.name, value(fields));
    wire.leave(outer);
    return attribute;
  }

  private void attributeField(Fields fields) {
    int kind = kindOfField(wire.field());
    fields.kindSeen = kind == 0 ? fields.kindSeen : kind;
    switch (wire.field()) {
      case 1 -> {
        fields.name = wire.string();
        wire.place().named(fields.name);
      }
      case 2 -> fields.floatValue = wire.float32();
      case 3 -> fields.intValue = wire.integer();
      case 4 -> fields.stringValue = wire.string();
      case 5 -> fields.tensor = Optional.of(tensors.tensor("tensor", -1));
      case 6 -> fields.graph = Optional.of(graph("graph", -1));
      case 7 ->
          wire.fixeds(
              Float.BYTES, bits -> fields.floats.add(charged(Float.intBitsToFloat((int) bits))));
      case 8 -> wire.integers(value -> fields.ints.add(charged(value)));
      case 9 -> fields.strings.add(wire.string());
      case 10 -> fields.tensors.add(tensors.tensor("tensor", fields.tensors.size()));
      case 11 -> fields.graphs.add(graph("graph", fields.graphs.size()));
      case 14 -> fields.type = Optional.of(types.type("type", -1));
      case 15 -> fields.types.add(types.type("type", fields.types.size()));
      case 20 -> fields.kind = wire.integer();
      case 21 -> fields.reference = wire.string();
      case 22 -> fields.sparse = Optional.of(tensors.sparse("sparse tensor", -1));
      case 23 -> fields.sparses.add(tensors.sparse("sparse tensor", fields.sparses.size()));
      default -> wire.skip();
    }
  }

  /** An element of a list, with its share of the list. */
  private <T> T charged(T element) {
    wire.charge(32);
    return element;
  }

  /** The kind that a field of an attribute holds the value of; 0 for fields that hold none. */
  private static int kindOfField(int field) {
    return switch (field) {
      case 2, 3, 4, 5, 6 -> field - 1;
      case 7, 8, 9, 10, 11 -> field - 1;
      case 14, 15 -> field - 1;
      case 22, 23 -> field - 11;
      default -> 0;
    };
  }

  private OnnxAttribute.Value value(Fields fields) {
    if (!fields.reference.isEmpty()) {
      return new OnnxAttribute.Reference(fields.reference);
    }
    long kind = fields.kind == 0 ? fields.kindSeen : fields.kind;
    return switch (Math.clamp(kind, 0, 15)) {
      case 1 -> new OnnxAttribute.FloatValue(fields.floatValue);
      case 2 -> new OnnxAttribute.IntValue(fields.intValue);
      case 3 -> new OnnxAttribute.StringValue(fields.stringValue);
      case 4 -> new OnnxAttribute.TensorValue(present(fields.tensor, "tensor"));
      case 5 -> new OnnxAttribute.GraphValue(present(fields.graph, "graph"));
      case 6 -> new OnnxAttribute.FloatsValue(fields.floats);
      case 7 -> new OnnxAttribute.IntsValue(fields.ints);
      case 8 -> new OnnxAttribute.StringsValue(fields.strings);
      case 9 -> new OnnxAttribute.TensorsValue(fields.tensors);
      case 10 -> new OnnxAttribute.GraphsValue(fields.graphs);
      case 11 -> new OnnxAttribute.SparseTensorValue(present(fields.sparse, "sparse tensor"));
      case 12 -> new OnnxAttribute.SparseTensorsValue(fields.sparses);
      case 13 -> new OnnxAttribute.TypeValue(present(fields.type, "type"));
      case 14 -> new OnnxAttribute.TypesValue(fields.types);
      default -> throw wire.broken("an attribute of a kind from 1 to 14", "kind " + kind);
    };
  }

  private <T> T present(Optional<T> value, String kind) {
    return value.orElseThrow(() -> wire.broken("a " + kind, "none"));
  }
}
