/** Files: ONNX, safetensors, tokenizers and model folders. */
@NullMarked
package dev.bascule.formats;

import org.jspecify.annotations.NullMarked;
