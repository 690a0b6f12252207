/** OpenCL: bindings to the driver's library, and a thin typed layer over them. */
@NullMarked
package dev.bascule.gpu.opencl;

import org.jspecify.annotations.NullMarked;
