/** Tokenizers from Hugging Face's tokenizer.json. */
@NullMarked
package dev.bascule.formats.tokenizer;

import org.jspecify.annotations.NullMarked;
