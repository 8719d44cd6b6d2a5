# Language, warnings and the tools that make builds faster where they are installed.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
# Nobody replaces a function of ours at run time, so that position-independent code may be inlined as well.
add_compile_options($<$<AND:$<CXX_COMPILER_ID:GNU>,$<CONFIG:Release>>:-fno-semantic-interposition>)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(PROJECT_IS_TOP_LEVEL AND NOT DEFINED CMAKE_COMPILE_WARNING_AS_ERROR)
  set(CMAKE_COMPILE_WARNING_AS_ERROR ON)
endif()
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()

# The warnings that every target of Ridgeline is built with. Designated initialisers leave members to their defaults on
# purpose, and g++ would complain about those of class type. -Wrestrict misfires on "text" + std::string at -O3 in
# g++ 12 (https://gcc.gnu.org/bugzilla/show_bug.cgi?id=105651). Sources compiled in batches are included ones to g++,
# which then warns when a class that they alone define holds what is private to them.
function(ridgeline_warnings target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion
                                           -Wno-missing-field-initializers -Wno-subobject-linkage
                                           $<$<CONFIG:Release>:-Wno-restrict>)
endfunction()

find_program(RIDGELINE_CCACHE ccache)
if(RIDGELINE_CCACHE AND NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
  # Relative paths let one clone use what another has compiled.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} ${RIDGELINE_CCACHE})
endif()

find_program(RIDGELINE_MOLD mold)
if(RIDGELINE_MOLD)
  add_link_options(-fuse-ld=mold)
endif()
