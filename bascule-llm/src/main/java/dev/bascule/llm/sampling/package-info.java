/** From logits to tokens, and from texts to where an answer stops. */
@NullMarked
package dev.bascule.llm.sampling;

import org.jspecify.annotations.NullMarked;
