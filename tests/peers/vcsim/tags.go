// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"net/http"
	"sort"
	"strings"
	"sync"
)

// tagService is the tagging part of the vAPI over REST, in both of its forms: /rest/com/vmware/cis
// (answers wrapped in "value") and /api/cis.
type tagService struct {
	user, password string
	categories     map[string]*tagCategory // by id
	tags           map[string]*tag         // by id
	byName         map[string]*tag         // "category/tag"
	attached       map[ref][]string

	mutex    sync.Mutex
	sessions map[string]bool
	opened   int
	closed   int
}

type tagCategory struct {
	ID              string   `json:"id"`
	Name            string   `json:"name"`
	Description     string   `json:"description"`
	Cardinality     string   `json:"cardinality"`
	AssociableTypes []string `json:"associable_types"`
	UsedBy          []string `json:"used_by"`
}

type tag struct {
	ID          string   `json:"id"`
	CategoryID  string   `json:"category_id"`
	Name        string   `json:"name"`
	Description string   `json:"description"`
	UsedBy      []string `json:"used_by"`
}

type tagObject struct {
	ID   string `json:"id"`
	Type string `json:"type"`
}

func newTagService(user, password string) *tagService {
	return &tagService{user: user, password: password, categories: map[string]*tagCategory{}, tags: map[string]*tag{},
		byName: map[string]*tag{}, attached: map[ref][]string{}, sessions: map[string]bool{}}
}

func (s *tagService) define(categories []Category) error {
	for _, c := range categories {
		cardinality := "SINGLE"
		if c.Multiple {
			cardinality = "MULTIPLE"
		}
		id := "urn:vmomi:InventoryServiceCategory:" + stableUUID("category", c.Name) + ":GLOBAL"
		if s.categories[id] != nil {
			return fmt.Errorf("two tag categories are named '%s'", c.Name)
		}
		s.categories[id] = &tagCategory{ID: id, Name: c.Name, Cardinality: cardinality, AssociableTypes: []string{}, UsedBy: []string{}}
		for _, name := range c.Tags {
			t := &tag{ID: "urn:vmomi:InventoryServiceTag:" + stableUUID("tag", c.Name, name) + ":GLOBAL", CategoryID: id, Name: name, UsedBy: []string{}}
			s.tags[t.ID], s.byName[c.Name+"/"+name] = t, t
		}
	}
	return nil
}

func (s *tagService) attach(object ref, name string) error {
	t := s.byName[name]
	if t == nil {
		return fmt.Errorf("there is no tag '%s' (category/tag)", name)
	}
	s.attached[object] = append(s.attached[object], t.ID)
	return nil
}

// register serves both forms.
func (s *tagService) register(mux *http.ServeMux) {
	mux.HandleFunc("/rest/com/vmware/cis/", func(w http.ResponseWriter, r *http.Request) {
		s.serve(w, r, strings.TrimPrefix(r.URL.Path, "/rest/com/vmware/cis/"), true)
	})
	mux.HandleFunc("/api/", func(w http.ResponseWriter, r *http.Request) {
		s.serve(w, r, strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, "/api/"), "cis/"), false)
	})
}

const sessionHeader = "vmware-api-session-id"

func (s *tagService) serve(w http.ResponseWriter, r *http.Request, path string, wrapped bool) {
	path = strings.TrimSuffix(path, "/")
	id := r.Header.Get(sessionHeader)
	if c, err := r.Cookie(sessionHeader); id == "" && err == nil {
		id = c.Value
	}
	s.mutex.Lock()
	known := s.sessions[id]
	s.mutex.Unlock()
	switch {
	case path == "session" && r.Method == http.MethodPost:
		s.login(w, r, wrapped)
	case !known:
		vapiError(w, wrapped, http.StatusUnauthorized, "unauthenticated", "Authentication required.")
	case path == "session" && r.Method == http.MethodDelete:
		s.logout(w, id, wrapped)
	case path == "session":
		vapiAnswer(w, wrapped, http.StatusOK, map[string]string{"user": s.user})
	default:
		s.tagging(w, r, strings.TrimPrefix(path, "tagging/"), wrapped)
	}
}

func (s *tagService) login(w http.ResponseWriter, r *http.Request, wrapped bool) {
	user, password, _ := r.BasicAuth()
	if subtle.ConstantTimeCompare([]byte(user+"\x00"+password), []byte(s.user+"\x00"+s.password)) != 1 {
		vapiError(w, wrapped, http.StatusUnauthorized, "unauthenticated", "Authentication required.")
		return
	}
	s.mutex.Lock()
	s.opened++
	id := strings.ReplaceAll(stableUUID("vapi session", fmt.Sprint(s.opened)), "-", "")
	s.sessions[id] = true
	s.mutex.Unlock()
	http.SetCookie(w, &http.Cookie{Name: sessionHeader, Value: id, Path: "/", Secure: true, HttpOnly: true})
	status := http.StatusCreated
	if wrapped {
		status = http.StatusOK
	}
	vapiAnswer(w, wrapped, status, id)
}

func (s *tagService) logout(w http.ResponseWriter, id string, wrapped bool) {
	s.mutex.Lock()
	delete(s.sessions, id)
	s.closed++
	s.mutex.Unlock()
	if wrapped {
		w.WriteHeader(http.StatusOK)
	} else {
		w.WriteHeader(http.StatusNoContent)
	}
}

func (s *tagService) tagging(w http.ResponseWriter, r *http.Request, path string, wrapped bool) {
	kind, id, _ := strings.Cut(path, "/")
	id = strings.TrimPrefix(id, "id:")
	action := orDefault(r.URL.Query().Get("action"), r.URL.Query().Get("~action"))
	switch {
	case kind == "category" && id == "":
		vapiAnswer(w, wrapped, http.StatusOK, categoryIDs(s.categories))
	case kind == "category" && s.categories[id] != nil:
		vapiAnswer(w, wrapped, http.StatusOK, s.categories[id])
	case kind == "tag" && id == "":
		vapiAnswer(w, wrapped, http.StatusOK, s.tagIDs())
	case kind == "tag" && s.tags[id] != nil:
		vapiAnswer(w, wrapped, http.StatusOK, s.tags[id])
	case kind == "tag-association":
		s.association(w, r, action, id, wrapped)
	default:
		vapiError(w, wrapped, http.StatusNotFound, "not_found", "'"+path+"' was not found.")
	}
}

func categoryIDs(m map[string]*tagCategory) []string {
	ids := []string{}
	for id := range m {
		ids = append(ids, id)
	}
	sort.Strings(ids)
	return ids
}

func (s *tagService) tagIDs() []string {
	var ids []string // none is null, as govmomi's own tagging service answers
	for id := range s.tags {
		ids = append(ids, id)
	}
	sort.Strings(ids)
	return ids
}

func (s *tagService) objectsOf(tagID string) []tagObject {
	objects := []tagObject{}
	for object, ids := range s.attached {
		if isIn(ids, tagID) {
			objects = append(objects, tagObject{object.Value, object.Type})
		}
	}
	sort.Slice(objects, func(i, j int) bool { return objects[i].ID < objects[j].ID })
	return objects
}

func (s *tagService) tagsOf(o tagObject) []string {
	return append([]string{}, s.attached[ref{Type: o.Type, Value: o.ID}]...)
}

func (s *tagService) association(w http.ResponseWriter, r *http.Request, action, id string, wrapped bool) {
	var in struct {
		ObjectID  tagObject   `json:"object_id"`
		ObjectIDs []tagObject `json:"object_ids"`
		TagIDs    []string    `json:"tag_ids"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 8<<20)).Decode(&in); err != nil && r.ContentLength > 0 {
		vapiError(w, wrapped, http.StatusBadRequest, "invalid_argument", err.Error())
		return
	}
	type onObject struct {
		ObjectID tagObject `json:"object_id"`
		TagIDs   []string  `json:"tag_ids"`
	}
	type onTag struct {
		TagID     string      `json:"tag_id"`
		ObjectIDs []tagObject `json:"object_ids"`
	}
	switch action {
	case "list-attached-tags-on-objects":
		answer := []onObject{}
		for _, o := range in.ObjectIDs {
			if tags := s.tagsOf(o); len(tags) > 0 { // objects without tags are left out
				answer = append(answer, onObject{o, tags})
			}
		}
		vapiAnswer(w, wrapped, http.StatusOK, answer)
	case "list-attached-objects-on-tags":
		answer := []onTag{}
		for _, t := range in.TagIDs {
			answer = append(answer, onTag{t, s.objectsOf(t)})
		}
		vapiAnswer(w, wrapped, http.StatusOK, answer)
	case "list-attached-tags":
		vapiAnswer(w, wrapped, http.StatusOK, s.tagsOf(in.ObjectID))
	case "list-attached-objects":
		vapiAnswer(w, wrapped, http.StatusOK, s.objectsOf(id))
	default:
		vapiError(w, wrapped, http.StatusNotFound, "operation_not_found", "There is no action '"+action+"'.")
	}
}

func vapiAnswer(w http.ResponseWriter, wrapped bool, status int, value interface{}) {
	if wrapped {
		value = map[string]interface{}{"value": value}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value)
}

func vapiError(w http.ResponseWriter, wrapped bool, status int, kind, text string) {
	messages := []map[string]interface{}{{"args": []string{}, "default_message": text, "id": "com.vmware.vapi.endpoint." + kind}}
	var value interface{} = map[string]interface{}{"error_type": strings.ToUpper(kind), "messages": messages}
	if wrapped {
		value = map[string]interface{}{"type": "com.vmware.vapi.std.errors." + kind, "value": map[string]interface{}{"messages": messages}}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value)
}
