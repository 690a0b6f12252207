/** NumPy's .npy files. */
@NullMarked
package dev.bascule.formats.npy;

import org.jspecify.annotations.NullMarked;
