/** The GPU devices: renderers, drivers and their library kernels. */
@NullMarked
package dev.bascule.gpu;

import org.jspecify.annotations.NullMarked;
