/** Block-quantised storage: how blocks of small integers and their scales stand for floats. */
@NullMarked
package dev.bascule.core.quant;

import org.jspecify.annotations.NullMarked;
