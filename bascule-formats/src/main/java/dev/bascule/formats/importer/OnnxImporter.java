package dev.bascule.formats.importer;

import dev.bascule.core.DType;
import dev.bascule.core.Dim;
import dev.bascule.core.Shape;
import dev.bascule.core.ShapeException;
import dev.bascule.core.Symbol;
import dev.bascule.core.Tensor;
import dev.bascule.core.TensorType;
import dev.bascule.core.graph.Constant;
import dev.bascule.core.graph.Graph;
import dev.bascule.core.graph.Parameter;
import dev.bascule.core.graph.Value;
import dev.bascule.engine.rewrite.AttentionRecognition;
import dev.bascule.formats.FormatException;
import dev.bascule.formats.onnx.OnnxAttribute;
import dev.bascule.formats.onnx.OnnxDataType;
import dev.bascule.formats.onnx.OnnxDimension;
import dev.bascule.formats.onnx.OnnxFile;
import dev.bascule.formats.onnx.OnnxFunction;
import dev.bascule.formats.onnx.OnnxGraph;
import dev.bascule.formats.onnx.OnnxModel;
import dev.bascule.formats.onnx.OnnxNode;
import dev.bascule.formats.onnx.OnnxTensor;
import dev.bascule.formats.onnx.OnnxTopology;
import dev.bascule.formats.onnx.OnnxType;
import dev.bascule.formats.onnx.OnnxValueInfo;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Rewrites an ONNX model into a graph: inputs become parameters, whose named dimensions become
 * symbols; initializers become constants once a node uses them; each node becomes what the table of
 * {@link Operators} says.
 */
public final class OnnxImporter {
  /** Functions that call functions. */
  private static final int CALLS_MAX = 64;

  private final OnnxFile file;
  private final OnnxModel model;
  private final ImportOptions options;
  private final Tensors tensors;
  private final KnownValues known;
  private final Operators operators = Operators.onnx();
  private final Map<String, Symbol> symbols = new TreeMap<>();

  /** Symbols that the model cuts off somewhere, with where. */
  private final Map<Symbol, Long> limits = new TreeMap<>();

  private OnnxImporter(OnnxFile file, Tensors tensors, ImportOptions options) {
    this.file = file;
    this.model = file.model();
    this.options = options;
    this.tensors = tensors;
    this.known = new KnownValues(options.inputs());
  }

  /**
   * Imports a model. Where its shapes fit together only below a size that it cuts a dimension off
   * at (512 positions, say), the dimension's range is narrowed to that, and the result says so.
   *
   * @param arena where the constants go; the graph is valid as long as it is open
   * @throws UnsupportedException if the model needs what Bascule does not do: it names node,
   *     operator, opset and domain
   * @throws FormatException if the model is wrong
   */
  public static ImportedModel load(OnnxFile file, Arena arena, ImportOptions options) {
    Tensors tensors = new Tensors(arena);
    Map<String, Symbol> narrowed = new TreeMap<>();
    while (true) {
      Map<String, Symbol> symbols = new HashMap<>(options.symbols());
      symbols.putAll(narrowed);
      OnnxImporter importer = new OnnxImporter(file, tensors, options.withSymbols(symbols));
      try {
        return importer.run(List.copyOf(narrowed.values()));
      } catch (FormatException e) {
        // Counts of elements that are not zero are no inputs' dimensions: they cannot be narrowed.
        importer.limits.keySet().retainAll(importer.symbols.values());
        if (!(e.getCause() instanceof ShapeException) || importer.limits.isEmpty()) {
          throw e;
        }
        importer.limits.forEach((symbol, max) ->
            narrowed.put(symbol.name(), new Symbol(symbol.name(), symbol.min(), max)));
      }
    }
  }

  /** The dtype of an ONNX element type; empty where there is none. */
  public static Optional<DType> dtype(OnnxDataType type) {
    return Tensors.dtype(type);
  }

  /** ONNX's operators that can be imported, by name. */
  public static List<String> operators() {
    return List.copyOf(Operators.onnx().names());
  }

  /**
   * The names that nodes see, and what they stand for; inside a function, also its caller's
   * attributes.
   */
  private static final class Scope {
    private final String place;
    private final Map<String, Long> opsets;
    private final Map<String, Value> values = new HashMap<>();
    private final Map<String, OnnxTensor> initializers = new HashMap<>();
    private final Set<String> leftOut = new HashSet<>();
    private final Map<String, OnnxAttribute.Value> attributes;
    private final int depth;

    private Scope(
        String place,
        Map<String, Long> opsets,
        Map<String, OnnxAttribute.Value> attributes,
        int depth) {
      this.place = place;
      this.opsets = opsets;
      this.attributes = attributes;
      this.depth = depth;
    }
  }

  private ImportedModel run(List<Symbol> narrowed) {
    OnnxGraph graph = model.graph();
    String place = "graph " + FormatException.quote(graph.name());
    Scope scope = new Scope(place, model.opsetImports(), Map.of(), 0);
    graph.initializers().forEach(tensor -> scope.initializers.put(tensor.name(), tensor));
    if (!graph.sparseInitializers().isEmpty()) {
      throw unsupported(place, "sparse initializers", "store them as dense tensors");
    }
    List<Value> inputs = new ArrayList<>();
    for (OnnxValueInfo input : graph.inputs()) {
      if (!scope.initializers.containsKey(input.name())) {
        Value parameter = Parameter.input(input.name(), inputType(place, input));
        scope.values.put(input.name(), parameter);
        inputs.add(parameter);
      }
    }
    for (OnnxNode node : OnnxTopology.order(graph, file.path())) {
      rewrite(node, scope);
    }
    Map<String, Value> outputs = new LinkedHashMap<>();
    for (OnnxValueInfo output : graph.outputs()) {
      outputs.put(output.name(), value(output.name(), scope, place));
    }
    // here and not in the engine: a graph means one thing, and compiling it never changes a bit
    List<String> notes = new ArrayList<>();
    Graph recognized =
        AttentionRecognition.recognize(Graph.of(graph.name(), inputs, outputs), notes::add);
    return new ImportedModel(recognized, known.used(), narrowed, notes);
  }

  private UnsupportedException unsupported(String place, String what, String remedy) {
    return new UnsupportedException(
        file.path(), place, "what this version knows", what, what, remedy);
  }

  private TensorType inputType(String graphPlace, OnnxValueInfo input) {
    String place = graphPlace + " input " + FormatException.quote(input.name());
    if (!(input.type() instanceof OnnxType.Tensor(var elementType, var shape))) {
      throw unsupported(place, "input of type " + input.type().describe(), "use tensors");
    }
    DType dtype =
        Tensors.dtype(elementType)
            .orElseThrow(() -> unsupported(place, "input of " + elementType, "convert the model"));
    Tensor value = options.inputs().get(input.name());
    if (shape.isEmpty()) {
      if (value == null) {
        throw unsupported(place, "input of unknown rank", "export the model with shapes");
      }
      return new TensorType(dtype, Shape.of(value.extents()));
    }
    List<Dim> dims = new ArrayList<>();
    for (OnnxDimension dimension : shape.get()) {
      dims.add(dim(dimension, input.name() + "." + dims.size()));
    }
    return new TensorType(dtype, new Shape(dims));
  }

  private Dim dim(OnnxDimension dimension, String unnamed) {
    return switch (dimension) {
      case OnnxDimension.Fixed(long size) -> Dim.of(size);
      case OnnxDimension.Symbolic(String name) -> Dim.of(symbol(name));
      case OnnxDimension.Unknown() -> Dim.of(symbol(unnamed));
    };
  }

  private Symbol symbol(String name) {
    return symbols.computeIfAbsent(
        name,
        ignored ->
            options.symbols().getOrDefault(name, new Symbol(name, 1, options.dimensionMax())));
  }

  /** The value of a name: one that a node made, or an initializer, which becomes a constant now. */
  private Value value(String name, Scope scope, String place) {
    Value value = scope.values.get(name);
    if (value != null) {
      return value;
    }
    OnnxTensor initializer = scope.initializers.get(name);
    if (initializer == null) {
      throw new FormatException(
          file.path(),
          place,
          "a value named " + FormatException.quote(name),
          "none",
          "export the model again");
    }
    Tensor tensor =
        tensors.tensor(
            initializer,
            what ->
                unsupported(
                    place + " initializer " + FormatException.quote(name),
                    what,
                    "convert the model"));
    Value constant = Constant.of(name, tensor);
    scope.values.put(name, constant);
    return constant;
  }

  private void rewrite(OnnxNode node, Scope scope) {
    String place = scope.place + " " + node.describe();
    List<Optional<Value>> inputs = new ArrayList<>();
    for (String input : node.inputs()) {
      boolean isLeftOut = input.isEmpty() || scope.leftOut.contains(input);
      inputs.add(isLeftOut ? Optional.empty() : Optional.of(value(input, scope, place)));
    }
    Map<String, OnnxAttribute.Value> attributes = attributes(node, scope);
    List<Value> outputs;
    try {
      Optional<OnnxFunction> function = function(node);
      outputs =
          function.isPresent()
              ? call(function.get(), inputs, attributes, scope, place)
              : operator(node, inputs, attributes, scope, place);
    } catch (ShapeException | ArithmeticException | IndexOutOfBoundsException e) {
      String got = e.getMessage() == null ? e.toString() : e.getMessage();
      throw new FormatException(
          file.path(),
          place,
          "operands that fit together",
          got,
          "check the model's inputs and their shapes",
          e);
    }
    for (int i = 0; i < node.outputs().size(); i++) {
      String name = node.outputs().get(i);
      if (name.isEmpty()) {
        continue;
      }
      if (i >= outputs.size()) {
        String what = node.opType() + " (output " + i + ")";
        throw unsupported(place, what, "export the model without this output");
      }
      if (!KnownValues.isPlain(outputs.get(i).shape().dims())) {
        String what = node.opType() + " (dimensions too complicated)";
        throw unsupported(place, what, "export the model with fixed sizes");
      }
      scope.values.put(name, outputs.get(i));
    }
  }

  /**
   * The node's attributes; those that refer to a function's are replaced by what its caller gave.
   */
  private static Map<String, OnnxAttribute.Value> attributes(OnnxNode node, Scope scope) {
    Map<String, OnnxAttribute.Value> attributes = new HashMap<>();
    for (OnnxAttribute attribute : node.attributes()) {
      if (attribute.value() instanceof OnnxAttribute.Reference(String outer)) {
        OnnxAttribute.Value given = scope.attributes.get(outer);
        if (given != null) {
          attributes.put(attribute.name(), given);
        }
      } else {
        attributes.put(attribute.name(), attribute.value());
      }
    }
    return attributes;
  }

  private List<Value> operator(
      OnnxNode node,
      List<Optional<Value>> inputs,
      Map<String, OnnxAttribute.Value> attributes,
      Scope scope,
      String place) {
    long opset = scope.opsets.getOrDefault(node.domain(), 0L);
    Optional<Operators.Rewrite> rewrite = Optional.empty();
    if (node.domain().isEmpty()) {
      if (opset < Operators.OPSET_MIN || opset > Operators.OPSET_MAX) {
        String range = Operators.OPSET_MIN + " to " + Operators.OPSET_MAX;
        throw new UnsupportedException(
            file.path(),
            place,
            "operator set " + range,
            "operator set " + opset,
            opset == 0 ? "no import of it" : "operator set " + opset,
            "convert the model to one of these");
      }
      rewrite = operators.find(node.opType(), opset);
    }
    if (rewrite.isEmpty()) {
      throw missing(node, opset, place);
    }
    NodeContext context =
        new NodeContext(
            node, place, file.path(), opset, inputs, attributes, known, tensors, limits);
    return rewrite.get().rewrite(context);
  }

  private UnsupportedException missing(OnnxNode node, long opset, String place) {
    String domain = node.domain().isEmpty() ? "ai.onnx" : node.domain();
    boolean isStandard = node.domain().isEmpty();
    String name = FormatException.quote(node.opType());
    return new UnsupportedException(
        file.path(),
        place,
        "an operator that this version knows",
        isStandard ? node.opType() : domain + "." + node.opType(),
        "operator " + name + " of opset " + opset + " in domain " + FormatException.quote(domain),
        "export the model without it, or use a later version");
  }

  private Optional<OnnxFunction> function(OnnxNode node) {
    if (model.functions().isEmpty()) {
      return Optional.empty();
    }
    return model.functions().stream()
        .filter(function ->
            function.name().equals(node.opType())
                && function.domain().equals(node.domain())
                && function.overload().equals(node.overload()))
        .findFirst();
  }

  private List<Value> call(
      OnnxFunction function,
      List<Optional<Value>> inputs,
      Map<String, OnnxAttribute.Value> given,
      Scope caller,
      String place) {
    if (caller.depth == CALLS_MAX) {
      throw new FormatException(
          file.path(),
          place,
          "calls at most " + CALLS_MAX + " deep",
          "more",
          "a function that calls itself cannot be run");
    }
    Map<String, OnnxAttribute.Value> attributes = new HashMap<>();
    function
        .attributeDefaults()
        .forEach(attribute -> attributes.put(attribute.name(), attribute.value()));
    attributes.putAll(given);
    Map<String, Long> opsets =
        function.opsetImports().isEmpty() ? caller.opsets : function.opsetImports();
    Scope scope = new Scope(place, opsets, attributes, caller.depth + 1);
    for (int i = 0; i < function.inputs().size(); i++) {
      String name = function.inputs().get(i);
      Optional<Value> input = i < inputs.size() ? inputs.get(i) : Optional.empty();
      input.ifPresentOrElse(value -> scope.values.put(name, value), () -> scope.leftOut.add(name));
    }
    for (OnnxNode node : OnnxTopology.order(function, file.path())) {
      rewrite(node, scope);
    }
    return function.outputs().stream().map(name -> value(name, scope, place)).toList();
  }

  /**
   * The symbols that a model's inputs would bring into being, by name: for callers that want to
   * give them ranges.
   */
  public static List<String> symbols(OnnxFile file) {
    TreeSet<String> names = new TreeSet<>();
    for (OnnxValueInfo input : file.model().graph().inputs()) {
      if (input.type()
          instanceof OnnxType.Tensor(var ignored, Optional<List<OnnxDimension>> shape)) {
        for (OnnxDimension dimension : shape.orElse(List.of())) {
          if (dimension instanceof OnnxDimension.Symbolic(String name)) {
            names.add(name);
          }
        }
      }
    }
    return List.copyOf(names);
  }
}
