/** ONNX models: the wire format of protocol buffers over a mapped file, as records. */
@NullMarked
package dev.bascule.formats.onnx;

import org.jspecify.annotations.NullMarked;
