package dev.bascule.formats.onnx;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Reads declared types and shapes. */
final class TypeParser {
  private final WireReader wire;
  private final TensorParser tensors;
  private final OnnxLimits limits;

  TypeParser(WireReader wire, TensorParser tensors, OnnxLimits limits) {
    this.wire = wire;
    this.tensors = tensors;
    this.limits = limits;
  }

  OnnxValueInfo valueInfo(String kind, int index) {
    long outer = wire.enter(kind, index);
    String name = "";
    OnnxType type = new OnnxType.Undeclared();
    while (wire.next()) {
      switch (wire.field()) {
        case 1 -> {
          name = wire.string();
          wire.place().named(name);
        }
        case 2 -> type = type("type", -1);
        default -> wire.skip();
      }
    }
    if (name.isEmpty()) {
      throw wire.broken("a value with a name", "none");
    }
    wire.leave(outer);
    return new OnnxValueInfo(name, type);
  }

  OnnxType type(String kind, int index) {
    long outer = wire.enter(kind, index);
    OnnxType type = new OnnxType.Undeclared();
    while (wire.next()) {
      switch (wire.field()) {
        case 1 -> type = tensor();
        case 4 -> type = new OnnxType.Sequence(element("sequence", 1));
        case 5 -> type = map();
        case 7 -> type = opaque();
        case 8 -> {
          OnnxType.Tensor tensor = tensor();
          type = new OnnxType.SparseTensor(tensor.elementType(), tensor.shape());
        }
        case 9 -> type = new OnnxType.Maybe(element("optional", 1));
        default -> wire.skip();
      }
    }
    wire.leave(outer);
    return type;
  }

  private OnnxType element(String kind, int field) {
    long outer = wire.enter(kind, -1);
    OnnxType element = new OnnxType.Undeclared();
    while (wire.next()) {
      if (wire.field() == field) {
        element = type("element", -1);
      } else {
        wire.skip();
      }
    }
    wire.leave(outer);
    return element;
  }

  private OnnxType map() {
    long outer = wire.enter("map", -1);
    OnnxDataType key = OnnxDataType.UNDEFINED;
    OnnxType value = new OnnxType.Undeclared();
    while (wire.next()) {
      switch (wire.field()) {
        case 1 -> key = tensors.dataType(wire.integer(), true);
        case 2 -> value = type("value", -1);
        default -> wire.skip();
      }
    }
    wire.leave(outer);
    return new OnnxType.Map(key, value);
  }

  private OnnxType opaque() {
    long outer = wire.enter("opaque", -1);
    String domain = "";
    String name = "";
    while (wire.next()) {
      switch (wire.field()) {
        case 1 -> domain = wire.string();
        case 2 -> name = wire.string();
        default -> wire.skip();
      }
    }
    wire.leave(outer);
    return new OnnxType.Opaque(domain, name);
  }

  private OnnxType.Tensor tensor() {
    long outer = wire.enter("tensor", -1);
    OnnxDataType elementType = OnnxDataType.UNDEFINED;
    Optional<List<OnnxDimension>> shape = Optional.empty();
    while (wire.next()) {
      switch (wire.field()) {
        case 1 -> elementType = tensors.dataType(wire.integer(), true);
        case 2 -> shape = Optional.of(shape());
        default -> wire.skip();
      }
    }
    wire.leave(outer);
    return new OnnxType.Tensor(elementType, shape);
  }

  private List<OnnxDimension> shape() {
    long outer = wire.enter("shape", -1);
    List<OnnxDimension> dims = new ArrayList<>();
    while (wire.next()) {
      if (wire.field() != 1) {
        wire.skip();
      } else if (dims.size() == limits.rankMax()) {
        throw wire.broken("at most " + limits.rankMax() + " dimensions", "more");
      } else {
        dims.add(dimension(dims.size()));
      }
    }
    wire.leave(outer);
    return dims;
  }

  private OnnxDimension dimension(int index) {
    long outer = wire.enter("dimension", index);
    OnnxDimension dimension = new OnnxDimension.Unknown();
    while (wire.next()) {
      switch (wire.field()) {
        case 1 -> dimension = fixed(wire.integer());
        case 2 -> {
          String name = wire.string();
          dimension =
              name.isEmpty() ? new OnnxDimension.Unknown() : new OnnxDimension.Symbolic(name);
        }
        default -> wire.skip();
      }
    }
    wire.leave(outer);
    return dimension;
  }

  /** Some exporters write -1 where they mean unknown. */
  private OnnxDimension fixed(long size) {
    if (size < -1) {
      throw wire.broken("a size of zero or more", Long.toString(size));
    }
    return size == -1 ? new OnnxDimension.Unknown() : new OnnxDimension.Fixed(size);
  }
}
