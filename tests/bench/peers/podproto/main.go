// SPDX-License-Identifier: Apache-2.0

// Podproto turns pods from JSON into protobuf, as the API server does for Go clients, which ask for
// it: podproto FOLDER writes NAME.pb beside each NAME.json. Tokens in strings stay what they are.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

func convert(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var pod corev1.Pod
	if err := json.Unmarshal(text, &pod); err != nil {
		return err
	}
	raw, err := pod.Marshal()
	if err != nil {
		return err
	}
	return os.WriteFile(strings.TrimSuffix(path, ".json")+".pb", raw, 0o644)
}

func main() {
	paths, _ := filepath.Glob(filepath.Join(os.Args[1], "*.json"))
	for _, path := range paths {
		if err := convert(path); err != nil {
			fmt.Fprintf(os.Stderr, "podproto: %s: %v\n", path, err)
			os.Exit(1)
		}
	}
}
