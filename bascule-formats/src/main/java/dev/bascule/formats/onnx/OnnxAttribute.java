package dev.bascule.formats.onnx;

import java.util.List;

/** A named constant of a node. */
public record OnnxAttribute(String name, Value value) {
  /** What an attribute can hold: one case per kind of the format. */
  public sealed interface Value {
    /** The kind in the format's own words. */
    String kind();
  }

  public record FloatValue(float value) implements Value {
    @Override
    public String kind() {
      return "FLOAT";
    }
  }

  public record IntValue(long value) implements Value {
    @Override
    public String kind() {
      return "INT";
    }
  }

  public record StringValue(String value) implements Value {
    @Override
    public String kind() {
      return "STRING";
    }
  }

  public record TensorValue(OnnxTensor value) implements Value {
    @Override
    public String kind() {
      return "TENSOR";
    }
  }

  public record GraphValue(OnnxGraph value) implements Value {
    @Override
    public String kind() {
      return "GRAPH";
    }
  }

  public record SparseTensorValue(OnnxSparseTensor value) implements Value {
    @Override
    public String kind() {
      return "SPARSE_TENSOR";
    }
  }

  public record TypeValue(OnnxType value) implements Value {
    @Override
    public String kind() {
      return "TYPE_PROTO";
    }
  }

  public record FloatsValue(List<Float> values) implements Value {
    public FloatsValue {
      values = List.copyOf(values);
    }

    @Override
    public String kind() {
      return "FLOATS";
    }
  }

  public record IntsValue(List<Long> values) implements Value {
    public IntsValue {
      values = List.copyOf(values);
    }

    @Override
    public String kind() {
      return "INTS";
    }
  }

  public record StringsValue(List<String> values) implements Value {
    public StringsValue {
      values = List.copyOf(values);
    }

    @Override
    public String kind() {
      return "STRINGS";
    }
  }

  public record TensorsValue(List<OnnxTensor> values) implements Value {
    public TensorsValue {
      values = List.copyOf(values);
    }

    @Override
    public String kind() {
      return "TENSORS";
    }
  }

  public record GraphsValue(List<OnnxGraph> values) implements Value {
    public GraphsValue {
      values = List.copyOf(values);
    }

    @Override
    public String kind() {
      return "GRAPHS";
    }
  }

  public record SparseTensorsValue(List<OnnxSparseTensor> values) implements Value {
    public SparseTensorsValue {
      values = List.copyOf(values);
    }

    @Override
    public String kind() {
      return "SPARSE_TENSORS";
    }
  }

  public record TypesValue(List<OnnxType> values) implements Value {
    public TypesValue {
      values = List.copyOf(values);
    }

    @Override
    public String kind() {
      return "TYPE_PROTOS";
    }
  }

  /** Inside a function: the value is that of the caller's attribute of this name. */
  public record Reference(String attributeName) implements Value {
    @Override
    public String kind() {
      return "reference to the function's attribute " + attributeName;
    }
  }

  /** The graphs that this attribute holds: none, one or several. */
  List<OnnxGraph> graphs() {
    return switch (value) {
      case GraphValue(OnnxGraph graph) -> List.of(graph);
      case GraphsValue(List<OnnxGraph> graphs) -> graphs;
      default -> List.of();
    };
  }
}
