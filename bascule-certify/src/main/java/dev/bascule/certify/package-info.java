/** How far the numbers moved, and where. */
@NullMarked
package dev.bascule.certify;

import org.jspecify.annotations.NullMarked;
