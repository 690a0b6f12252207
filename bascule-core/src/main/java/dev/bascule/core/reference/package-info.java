/** The reference as a device: what engines are tested on when nothing else is there. */
@NullMarked
package dev.bascule.core.reference;

import org.jspecify.annotations.NullMarked;
