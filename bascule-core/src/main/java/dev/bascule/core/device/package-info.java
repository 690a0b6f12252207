@NullMarked
package dev.bascule.core.device;

import org.jspecify.annotations.NullMarked;
