/** The bascule command: the only module that packages the devices. */
@NullMarked
package dev.bascule.cli;

import org.jspecify.annotations.NullMarked;
