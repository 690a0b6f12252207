/** The elementary functions of exact numerics: each one published sequence of IEEE operations. */
@NullMarked
package dev.bascule.core.elementary;

import org.jspecify.annotations.NullMarked;
