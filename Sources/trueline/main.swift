print("trueline")
