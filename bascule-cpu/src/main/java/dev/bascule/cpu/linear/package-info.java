/** Linear layers over packed weights: tiles of rows, kernels that walk them, and portable loops. */
@NullMarked
package dev.bascule.cpu.linear;

import org.jspecify.annotations.NullMarked;
