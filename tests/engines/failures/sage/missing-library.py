print("begins")
import no_such_library
