package dev.bascule.formats.importer;

import dev.bascule.core.DType;
import dev.bascule.core.Dim;
import dev.bascule.core.Shape;
import dev.bascule.core.graph.Elementwise;
import dev.bascule.core.graph.Ops;
import dev.bascule.core.graph.Value;
import dev.bascule.formats.importer.Operators.Table;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/** Matrix products, and the quantised numbers that go with them. */
final class MatrixOperators {
  private MatrixOperators() {}

  static void addTo(Table table) {
    table.row("MatMul", 6, node -> Ops.matmul(node.input(0), node.input(1)));
    table.row("Gemm", 6, MatrixOperators::gemm);
    table.row("MatMulInteger", 10, MatrixOperators::integerProduct);
    table.row("DequantizeLinear", 10, MatrixOperators::dequantize);
    table.row("QuantizeLinear", 10, MatrixOperators::quantize);
  }

  private static Value gemm(NodeContext node) {
    Value a = node.flag("transA", false) ? Ops.transpose(node.input(0)) : node.input(0);
    Value b = node.flag("transB", false) ? Ops.transpose(node.input(1)) : node.input(1);
    Value product = scaled(Ops.matmul(a, b), node.number("alpha", 1));
    double beta = node.number("beta", 1);
    Optional<Value> addend = node.optional(2).filter(ignored -> beta != 0);
    return addend.map(c -> Ops.add(product, scaled(c, beta))).orElse(product);
  }

  private static Value scaled(Value x, double factor) {
    return factor == 1 ? x : Ops.mul(x, Ops.like(x, factor));
  }

  private static Value integerProduct(NodeContext node) {
    Value a = Ops.cast(node.input(0), DType.I32);
    Value b = Ops.cast(node.input(1), DType.I32);
    Optional<Value> zeroA = node.optional(2).map(zero -> Ops.cast(zero, DType.I32));
    Optional<Value> zeroB = node.optional(3).map(zero -> Ops.cast(zero, DType.I32));
    // A zero point per row of a: [rows] -> [rows, 1].
    Value left =
        zeroA
            .map(zero -> Ops.sub(a, zero.shape().rank() == 1 ? Ops.unsqueeze(zero, 1) : zero))
            .orElse(a);
    Value right = zeroB.map(zero -> Ops.sub(b, zero)).orElse(b);
    return Ops.matmul(left, right);
  }

  /** A scale or zero point: for all, or for each place along {@code axis}. */
  private static Value perAxis(NodeContext node, Value value, Value x) {
    if (node.integer("block_size", 0) != 0) {
      throw node.unsupported("block_size");
    }
    if (value.shape().rank() == 0 || value.shape().elements().is(1)) {
      return Ops.reshape(value, Shape.SCALAR);
    }
    int axis = node.axis(node.integer("axis", 1), x.shape().rank());
    List<Dim> dims = new ArrayList<>(Collections.nCopies(x.shape().rank(), Dim.ONE));
    dims.set(axis, value.shape().elements());
    return Ops.reshape(value, new Shape(dims));
  }

  private static Value dequantize(NodeContext node) {
    Value x = node.input(0);
    Value scale = perAxis(node, node.input(1), x);
    boolean isInteger = x.dtype().isInteger();
    DType work = isInteger ? DType.I32 : scale.dtype();
    Value wide = Ops.cast(x, work);
    Value centred =
        node.optional(2)
            .map(zero -> Ops.sub(wide, Ops.cast(perAxis(node, zero, x), work)))
            .orElse(wide);
    return Ops.mul(Ops.cast(centred, scale.dtype()), scale);
  }

  private static Value quantize(NodeContext node) {
    Value x = node.input(0);
    Value scale = perAxis(node, node.input(1), x);
    DType to = node.optional(2).map(Value::dtype).orElse(DType.U8);
    if (to.isFloat() || to.bits() > Short.SIZE) {
      throw node.unsupported("to " + to);
    }
    Value rounded = Ops.apply(Elementwise.ROUND, Ops.div(Ops.cast(x, scale.dtype()), scale));
    Value shifted =
        node.optional(2)
            .map(zero -> Ops.add(rounded, Ops.cast(perAxis(node, zero, x), scale.dtype())))
            .orElse(rounded);
    // A cast from float to integer saturates.
    return Ops.cast(shifted, to);
  }
}
