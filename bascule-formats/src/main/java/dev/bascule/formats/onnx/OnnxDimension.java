package dev.bascule.formats.onnx;

/** One dimension of a declared shape. */
public sealed interface OnnxDimension {
  /** A fixed size, zero or more. */
  record Fixed(long size) implements OnnxDimension {}

  /** A size known by name: equal names are equal sizes. */
  record Symbolic(String name) implements OnnxDimension {}

  /** A size about which the file says nothing. */
  record Unknown() implements OnnxDimension {}
}
