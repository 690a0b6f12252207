@NullMarked
package dev.bascule.core.kernel;

import org.jspecify.annotations.NullMarked;
