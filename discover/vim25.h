// SPDX-License-Identifier: Apache-2.0
//
// The vSphere SOAP API as far as we use it: input of soapcpp2, kept by hand.
//
// Requests are typed. What the property collector and FetchDVPorts answer is not: `xsi:type` decides
// what a property holds, every release adds subtypes, and gSOAP either refuses a message with a type
// it does not list or drops the element without a word. So the two stream types below are read by
// vim_reader.c, element by element, into trees that keep names and types as text.
//
// Source: vSphere Web Services API, WSDL names.

//gsoap vim25 service name:	Vim
//gsoap vim25 service namespace:	urn:vim25
//gsoap vim25 service style:	document
//gsoap vim25 service encoding:	literal
//gsoap vim25 schema elementForm:	qualified

typedef char *xsd__string;
typedef int xsd__int;
enum xsd__boolean { xsd__boolean__false_, xsd__boolean__true_ };

struct vim25__ManagedObjectReference { @char *type; char *__item; };

// Read by vim_reader.c: the objects of a page and its token; one port.
extern typedef struct vim_page_stream { int unused; } vim25__RetrieveResult;
extern typedef struct vim_port_stream { int unused; } vim25__DistributedVirtualPort;

// --- property collector -----------------------------------------------------------------------
struct vim25__PropertySpec { char *type; enum xsd__boolean *all 0; $int __sizepathSet; char **pathSet 0; };
// A TraversalSpec, or by its name alone the SelectionSpec that means one which has that name.
struct vim25__SelectionSpec { @char *xsi__type; char *name 0; char *type 0; char *path 0; enum xsd__boolean *skip 0; $int __sizeselectSet; struct vim25__SelectionSpec *selectSet 0; };
struct vim25__ObjectSpec { struct vim25__ManagedObjectReference *obj; enum xsd__boolean *skip 0; $int __sizeselectSet; struct vim25__SelectionSpec *selectSet 0; };
struct vim25__PropertyFilterSpec { $int __sizepropSet; struct vim25__PropertySpec *propSet 1; $int __sizeobjectSet; struct vim25__ObjectSpec *objectSet 1; enum xsd__boolean *reportMissingObjectsInResults 0; };
struct vim25__RetrieveOptions { int *maxObjects 0; };

// --- service instance -------------------------------------------------------------------------
struct vim25__AboutInfo { char *name 0; char *fullName 0; char *version 0; char *build 0; char *apiType 0; char *apiVersion 0; char *instanceUuid 0; };
struct vim25__ServiceContent {
    struct vim25__ManagedObjectReference *rootFolder 0;
    struct vim25__ManagedObjectReference *propertyCollector 0;
    struct vim25__ManagedObjectReference *viewManager 0;
    struct vim25__AboutInfo *about 0;
    struct vim25__ManagedObjectReference *sessionManager 0;
    struct vim25__ManagedObjectReference *customFieldsManager 0;
    struct vim25__ManagedObjectReference *taskManager 0;
};
struct vim25__UserSession { char *key 0; char *userName 0; };

struct vim25__RetrieveServiceContentResponse { struct vim25__ServiceContent *returnval 0; };
int vim25__RetrieveServiceContent(struct vim25__ManagedObjectReference *_USCOREthis, struct vim25__RetrieveServiceContentResponse *out);
struct vim25__LoginResponse { struct vim25__UserSession *returnval 0; };
int vim25__Login(struct vim25__ManagedObjectReference *_USCOREthis, char *userName, char *password, struct vim25__LoginResponse *out);
struct vim25__LogoutResponse { void *__dummy; };
int vim25__Logout(struct vim25__ManagedObjectReference *_USCOREthis, struct vim25__LogoutResponse *out);

// --- views and pages --------------------------------------------------------------------------
struct vim25__CreateContainerViewResponse { struct vim25__ManagedObjectReference *returnval 0; };
int vim25__CreateContainerView(struct vim25__ManagedObjectReference *_USCOREthis, struct vim25__ManagedObjectReference *container, $int __sizetype, char **type, enum xsd__boolean recursive, struct vim25__CreateContainerViewResponse *out);
struct vim25__DestroyViewResponse { void *__dummy; };
int vim25__DestroyView(struct vim25__ManagedObjectReference *_USCOREthis, struct vim25__DestroyViewResponse *out);
struct vim25__RetrievePropertiesExResponse { vim25__RetrieveResult *returnval 0; };
int vim25__RetrievePropertiesEx(struct vim25__ManagedObjectReference *_USCOREthis, struct vim25__PropertyFilterSpec *specSet, struct vim25__RetrieveOptions *options, struct vim25__RetrievePropertiesExResponse *out);
struct vim25__ContinueRetrievePropertiesExResponse { vim25__RetrieveResult *returnval 0; };
int vim25__ContinueRetrievePropertiesEx(struct vim25__ManagedObjectReference *_USCOREthis, char *token, struct vim25__ContinueRetrievePropertiesExResponse *out);
struct vim25__CancelRetrievePropertiesExResponse { void *__dummy; };
int vim25__CancelRetrievePropertiesEx(struct vim25__ManagedObjectReference *_USCOREthis, char *token, struct vim25__CancelRetrievePropertiesExResponse *out);

// --- distributed ports ------------------------------------------------------------------------
struct vim25__DistributedVirtualSwitchPortCriteria { enum xsd__boolean *connected 0; $int __sizeportKey; char **portKey 0; };
struct vim25__FetchDVPortsResponse { $int __sizereturnval; vim25__DistributedVirtualPort *returnval 0; };
int vim25__FetchDVPorts(struct vim25__ManagedObjectReference *_USCOREthis, struct vim25__DistributedVirtualSwitchPortCriteria *criteria, struct vim25__FetchDVPortsResponse *out);

// --- guests -----------------------------------------------------------------------------------
struct vim25__ShutdownGuestResponse { void *__dummy; };
int vim25__ShutdownGuest(struct vim25__ManagedObjectReference *_USCOREthis, struct vim25__ShutdownGuestResponse *out);
