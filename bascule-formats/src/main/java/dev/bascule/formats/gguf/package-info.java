/**
 * GGUF: metadata and (quantised) tensors in one file or a few, as llama.cpp reads and writes them.
 */
@NullMarked
package dev.bascule.formats.gguf;

import org.jspecify.annotations.NullMarked;
