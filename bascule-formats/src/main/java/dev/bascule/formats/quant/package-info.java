/** From one quantisation to another: models rewritten with smaller weights. */
@NullMarked
package dev.bascule.formats.quant;

import org.jspecify.annotations.NullMarked;
