# ridgeline_embed(FUNCTION FOLDER a.yaml ...): writes FUNCTION.cpp into the build folder, which defines
# std::span<const EmbeddedFile> FUNCTION(): the files of this room's FOLDER, in the order of the list.

function(ridgeline_embed name folder)
  set(entries "")
  file(RELATIVE_PATH room ${PROJECT_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR})
  foreach(file IN LISTS ARGN)
    set(path ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/${file})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${path})
    file(READ ${path} text)
    string(APPEND entries "    {\"${room}/${folder}/${file}\", R\"file(${text})file\"},\n")
  endforeach()
  file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/${name}.cpp @ONLY CONTENT
"#include \"${room}/${name}.hpp\"

namespace ridgeline {

std::span<const EmbeddedFile> ${name}() {
  static constexpr EmbeddedFile files[] = {
@entries@};
  return files;
}

}  // namespace ridgeline
")
endfunction()
