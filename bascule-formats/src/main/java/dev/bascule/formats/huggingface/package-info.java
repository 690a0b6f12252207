/** Model folders as Hugging Face lays them out. */
@NullMarked
package dev.bascule.formats.huggingface;

import org.jspecify.annotations.NullMarked;
