package dev.bascule.formats.onnx;

/** A named value with its declared type. */
public record OnnxValueInfo(String name, OnnxType type) {}
