/** Safetensors: a JSON header and tensors, in one file or in shards with an index. */
@NullMarked
package dev.bascule.formats.safetensors;

import org.jspecify.annotations.NullMarked;
